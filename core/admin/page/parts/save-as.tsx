import { useSignal, type Signal } from "@preact/signals";
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

export const capture: Kind = { path: "captures", name: "capture" };
export const recording: Kind = { path: "recordings", name: "recording" };

/** Whose traffic it is: that of one session, or of all sessions of a listener. */
type Whose = { readonly session: number } | { readonly listener: string };

interface SaveAsProps {
  readonly kind: Kind;
  readonly whose: Whose;
  /** Whether there may still be traffic. */
  readonly isOpen: boolean;
  /** Whether to offer the secrets of TLS, which begin with a session. */
  readonly offersSecrets?: boolean;
}

/** Lets the proxy write traffic to a file from now on, and shows where that file is. */
export function SaveAs({ kind, whose, isOpen, offersSecrets = false }: SaveAsProps): JSX.Element | null {
  const saved = useSignal<SavedFile | undefined>(undefined);
  const secrets = useSignal(false);
  const look = async (): Promise<void> => {
    const answer = await call<Record<string, readonly SavedFile[]>>("GET", kind.path).catch(() => undefined);
    // Those that are being written come first, then the newest.
    saved.value = answer?.[kind.path]?.find((each) => isOf(each, whose));
  };
  useEffect(() => {
    void look();
    const poll = setInterval(() => {
      if (saved.value?.state === "running") void look();
    }, pollMs);
    return () => clearInterval(poll);
  }, [JSON.stringify(whose), kind.path]);
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
          steer(() => call("POST", kind.path, { ...whose, ...(secrets.value ? { secrets: true } : {}) }));
        }}
        stop={({ name }) => {
          steer(() => call("DELETE", `${kind.path}/${segment(name)}`));
        }}
      />
      {offersSecrets && value?.state !== "running" && <Secrets wanted={secrets} />}
      {value !== undefined && <Place file={value} />}
    </div>
  );
}

function isOf(file: SavedFile, whose: Whose): boolean {
  return "session" in whose ? file.session === whose.session : file.session === undefined && file.listener === whose.listener;
}

function Secrets({ wanted }: { wanted: Signal<boolean> }): JSX.Element {
  return (
    <label class="dim" title="Sessions that begin from then on are in the file as TLS, with the secrets that decrypt it">
      <input type="checkbox" checked={wanted.value} onChange={(event) => (wanted.value = event.currentTarget.checked)} /> TLS as it was,
      with its secrets
    </label>
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
