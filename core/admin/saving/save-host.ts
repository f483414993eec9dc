import type { Observable } from "rxjs";
import type { FileProgress, ProxyEvent, ResolvedConfig } from "../../contract/index.ts";

/** The kinds of files that the API writes from traffic. Each kind has calls of its own. */
export type SaveKind = "capture" | "recording";

/** What is to be written to a file. It can be sent to another process. */
export interface SaveOrder {
  readonly kind: SaveKind;
  readonly listener: string;
  /** The one session to save. @default all sessions of the listener */
  readonly session?: number | undefined;
  /** The options of the plugin that writes, except `file`. */
  readonly options: object;
  /** Bytes that the file may have. */
  readonly size: number;
}

/** A file that is being written. */
export interface Writing {
  readonly progress: FileProgress | undefined;
  /** Nothing more is written. Resolves with the progress when the file is complete. May be called several times. */
  end(): Promise<FileProgress | undefined>;
}

/** A proxy whose traffic can be saved: one in this process, or several processes. */
export interface SaveHost {
  readonly config: ResolvedConfig | undefined;
  readonly listeners: readonly string[];
  /** Completes when the proxy has closed. */
  readonly lifecycle: Observable<ProxyEvent>;
  /** The events of sessions. */
  readonly arrivals: Observable<ProxyEvent>;
  /** Begins to write. @param file exists and is empty. Rejects with the error of the plugin that writes. */
  write(file: string, order: SaveOrder): Promise<Writing>;
}
