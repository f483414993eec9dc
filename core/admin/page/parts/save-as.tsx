import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { call, segment } from "../api/call.ts";
import type { SavedFile } from "../api/types.ts";
import { change } from "../state.ts";

const pollMs = 1_000;

interface Kind {
  /** Its path in the API, which is also the name of its list there. */
  readonly path: "captures" | "recordings";
  /** Its name for people. */
  readonly name: string;
}

/** Lets the proxy write the traffic of a session to a file from now on, and shows where that file is. */
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
  if (!isOpen && value === undefined) return null;
  return (
    <div class="save-as">
      <Switch
        kind={kind}
        running={value?.state === "running" ? value : undefined}
        isOpen={isOpen}
        start={() => {
          steer(() => call("POST", kind.path, { session }));
        }}
        stop={({ name }) => {
          steer(() => call("DELETE", `${kind.path}/${segment(name)}`));
        }}
      />
      {value !== undefined && <Place file={value} />}
    </div>
  );
}

interface SwitchProps {
  readonly kind: Kind;
  /** The file that is being written now. */
  readonly running: SavedFile | undefined;
  readonly isOpen: boolean;
  readonly start: () => void;
  readonly stop: (running: SavedFile) => void;
}

function Switch({ kind, running, isOpen, start, stop }: SwitchProps): JSX.Element | null {
  if (running === undefined && !isOpen) return null;
  const click = running === undefined ? start : () => stop(running);
  return (
    <button type="button" class="quiet" onClick={click}>
      {running === undefined ? "Save as" : "Stop the"} {kind.name}
    </button>
  );
}

/** The path and size of the file. */
function Place({ file }: { file: SavedFile }): JSX.Element {
  const isRunning = file.state === "running";
  return (
    <span class="dim" role="status">
      {isRunning ? "from now on, into" : "saved in"} <code>{file.file}</code>{" "}
      <span class="number">{isRunning && file.bytes === 0 ? "" : bytesText(file.bytes)}</span>
      {file.message !== undefined && <span class="bad"> {file.message}</span>}
    </span>
  );
}
