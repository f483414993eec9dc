import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

interface ActionProps {
  readonly work: () => Promise<unknown>;
  readonly children: ComponentChildren;
  /** @default "quiet" */
  readonly class?: string;
  readonly title?: string;
}

/**
 * A button that changes the proxy. While the proxy is asked, it does nothing more, so that a double click is one change. It is not disabled
 * meanwhile, since that would take the focus away from the keyboard.
 */
export function Action({ work, children, class: look = "quiet", title }: ActionProps): JSX.Element {
  const busy = useSignal(false);
  const run = async (): Promise<void> => {
    if (busy.peek()) return;
    busy.value = true;
    await work();
    busy.value = false;
  };
  return (
    <button type="button" class={look} aria-busy={busy.value} title={title} onClick={() => void run()}>
      {children}
    </button>
  );
}
