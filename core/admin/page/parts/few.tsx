import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

interface FewProps<T> {
  readonly all: readonly T[];
  readonly most: number;
  /** What there are many of, where that must be said. */
  readonly what?: string;
  readonly children: (shown: readonly T[]) => JSX.Element;
}

/** The first of a list that may be long, and all of it when somebody asks. */
export function Few<T>({ all, most, what, children }: FewProps<T>): JSX.Element {
  const wantsAll = useSignal(false);
  // A button for one more would take the place of that one.
  const isWhole = wantsAll.value || all.length <= most + 1;
  return (
    <>
      {children(isWhole ? all : all.slice(0, most))}
      {!isWhole && (
        <button type="button" class="quiet" onClick={() => (wantsAll.value = true)}>
          {what === undefined ? `${all.length - most} more` : `Show all ${all.length} ${what}`}
        </button>
      )}
    </>
  );
}
