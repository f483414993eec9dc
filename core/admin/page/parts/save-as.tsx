import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { bytesText } from "../../../contract/bytes-text.ts";
import { call, segment } from "../api/call.ts";
import type { SavedFile } from "../api/types.ts";
import { change } from "../state.ts";

const pollMs = 1_000;

interface Kind {
  /** Its place in the API, and what a list of it is called there. */
  readonly path: "captures" | "recordings";
  /** What it is called. */
  readonly name: string;
}

/** Has what passes a session from now on written to a file of the proxy, and says where that is. */
export function SaveAs({ kind, session, isOpen }: { kind: Kind; session: number; isOpen: boolean }): JSX.Element | null {
  const saved = useSignal<SavedFile | undefined>(undefined);
  const look = async (): Promise<void> => {
    const answer = await call<Record<string, readonly SavedFile[]>>("GET", kind.path).catch(() => undefined);
    // The newest first.
    saved.value = answer?.[kind.path]?.find((each) => each.session === session);
  };
  useEffect(() => {
    void look();
    const poll = setInterval(() => {
      if (saved.value?.state === "running") void look();
    }, pollMs);
    return () => clearInterval(poll);
  }, [session, kind.path]);
  const steer = (work: () => Promise<unknown>): void => void change(work).then(look);
  const { value } = saved;
  const isRunning = value?.state === "running";
  if (!isOpen && value === undefined) return null;
  return (
    <div class="save-as">
      {isRunning ? (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            steer(() => call("DELETE", `${kind.path}/${segment(value.name)}`));
          }}
        >
          Stop the {kind.name}
        </button>
      ) : (
        isOpen && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              steer(() => call("POST", kind.path, { session }));
            }}
          >
            Save as {kind.name}
          </button>
        )
      )}
      {value !== undefined && (
        <span class="dim" role="status">
          {isRunning ? "from now on, into" : "saved in"} <code>{value.file}</code>{" "}
          <span class="number">{isRunning && value.bytes === 0 ? "" : bytesText(value.bytes)}</span>
          {value.message !== undefined && <span class="bad"> {value.message}</span>}
        </span>
      )}
    </div>
  );
}
