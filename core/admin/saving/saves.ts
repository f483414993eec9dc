import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import { nameOf } from "./file-name.ts";
import { keepLeftParts } from "./file-parts.ts";
import type { SaveHost, SaveKind, SaveOrder } from "./save-host.ts";
import { Save, type SaveView } from "./save.ts";
import { createFile, SaveFolder } from "./save-folder.ts";
import { unlink } from "node:fs/promises";

/** Files that are written at the same time at most. */
const MOST_AT_ONCE = 8;
/** Bytes of all files in the folder at most. Files that are being written count with their largest size. */
const MOST_BYTES = 1024 ** 3;
/** Ended files that are remembered, with the reason of their end. */
const REMEMBERED = 100;

const endings: Readonly<Record<SaveKind, string>> = { capture: ".pcapng", recording: ".yaml" };

/** A later process tells the kind of a file by its name alone. @throws SLUICE_ADMIN_REQUEST */
function refuseOtherKind(kind: SaveKind, name: string): void {
  const other = Object.entries(endings).find(([each, ending]) => each !== kind && name.endsWith(ending));
  if (other !== undefined)
    throw new SluiceError(
      "SLUICE_ADMIN_REQUEST",
      `${JSON.stringify(name)} is the name of a ${other[0]}: the name of a ${kind} must end with ${endings[kind]}`,
    );
}

/** A request for a file. */
export interface WantedSave extends SaveOrder {
  /** The name in the folder of the API. @default listener and time */
  readonly name?: string | undefined;
  /** Any path; only over the control socket, which lets in only the user that the proxy runs as. */
  readonly path?: string | undefined;
  /** Milliseconds. @default until somebody stops it */
  readonly for?: number | undefined;
}

/** The files that a running proxy writes on request. Each is written by a plugin that watches a listener without being in its pipeline. */
export class Saves {
  readonly #running = new Set<Save>();
  #ended: Save[] = [];
  /** Starts run one after the other, so that each is counted before the next one checks for room. */
  #beginning: Promise<unknown>;

  constructor(private readonly host: SaveHost) {
    this.#beginning = keepLeftParts(this.folder.path);
  }

  get folder(): SaveFolder {
    const { config } = this.host;
    const base = config?.file === undefined ? process.cwd() : path.dirname(config.file);
    return new SaveFolder(config?.admin?.folder ?? path.join(base, ".sluice", "captures"));
  }

  /** @throws SLUICE_ADMIN_REQUEST, SLUICE_ADMIN_UNKNOWN, SLUICE_ADMIN_CONFLICT, SLUICE_FILE_UNWRITABLE, the error of the writer */
  start(wanted: WantedSave): Promise<Save> {
    const turn = this.#beginning.then(() => this.#start(wanted));
    this.#beginning = turn.catch(() => undefined);
    return turn;
  }

  /** Ends a file that is written, and resolves when it is complete. Also works for one that has already ended. @throws SLUICE_ADMIN_UNKNOWN */
  async stop(kind: SaveKind, file: string): Promise<SaveView> {
    const found = this.#known(kind).find(({ terms }) => terms.file === file);
    if (found === undefined) throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `no ${kind} is written to ${file}`);
    await found.end("stopped");
    return found.view;
  }

  /** Removes a file, and ends it first if it is still written. @throws SLUICE_ADMIN_UNKNOWN, SLUICE_FILE_UNWRITABLE */
  async remove(kind: SaveKind, name: string): Promise<SaveView> {
    const { folder } = this;
    const file = folder.fileOf(name);
    const found = this.#known(kind).find(({ terms }) => terms.file === file);
    await found?.end("stopped");
    const { bytes } = await folder.remove(name);
    this.#ended = this.#ended.filter((each) => each !== found);
    return found?.view ?? { name, file, state: "ended", bytes };
  }

  /** The files of a kind: those that are being written, then those that have ended, each the newest first, and then others in the folder. */
  async list(kind: SaveKind): Promise<readonly SaveView[]> {
    await this.#beginning;
    const own = this.#known(kind).map(({ view }) => view);
    const told = new Set(this.#all.map(({ terms }) => terms.file));
    const files = (await this.folder.files()).filter(({ name, file }) => name.endsWith(endings[kind]) && !told.has(file));
    return [...own, ...files.map(({ name, file, bytes, at }) => ({ name, file, state: "ended" as const, endedAt: at, bytes }))];
  }

  get #all(): readonly Save[] {
    return [...this.#ended, ...this.#running].toReversed();
  }

  #known(kind: SaveKind): readonly Save[] {
    return this.#all.filter(({ terms }) => terms.kind === kind);
  }

  async #start(wanted: WantedSave): Promise<Save> {
    const { kind, listener, session, size, for: time } = wanted;
    const { listeners } = this.host;
    if (!listeners.includes(listener))
      throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `there is no listener ${JSON.stringify(listener)}: there are ${listeners.join(", ")}`);
    if (this.#running.size >= MOST_AT_ONCE)
      throw new SluiceError("SLUICE_ADMIN_CONFLICT", `${MOST_AT_ONCE} files are written already: stop one`);
    const name = wanted.path === undefined ? (wanted.name ?? nameOf(listener, endings[kind])) : path.basename(wanted.path);
    if (wanted.path === undefined) refuseOtherKind(kind, name);
    const file = wanted.path ?? (await this.#create(name, size));
    if (wanted.path !== undefined) await createFile(file);
    try {
      const { options } = wanted;
      const writing = await this.host.write(file, { kind, listener, session, options, size });
      return this.#follow(new Save({ kind, file, name, listener, session, for: time, size }, writing, this.host));
    } catch (error) {
      await unlink(file).catch(() => undefined);
      throw error;
    }
  }

  async #create(name: string, size: number): Promise<string> {
    const { folder } = this;
    folder.fileOf(name);
    const running = [...this.#running].map(({ terms }) => terms);
    const files = (await folder.files()).filter(({ file }) => !running.some((each) => each.file === file));
    const taken = [...files.map(({ bytes }) => bytes), ...running.map((each) => each.size)].reduce((sum, bytes) => sum + bytes, 0);
    if (taken + size > MOST_BYTES)
      throw new SluiceError(
        "SLUICE_ADMIN_CONFLICT",
        `all files together may have ${MOST_BYTES} bytes, and ${taken} of them are taken: remove some, or give a smaller \`size\``,
        { where: folder.path },
      );
    return folder.create(name);
  }

  #follow(save: Save): Save {
    this.#running.add(save);
    void save.ended.then(() => {
      this.#running.delete(save);
      this.#ended = [...this.#ended, save].slice(-REMEMBERED);
    });
    return save;
  }
}
