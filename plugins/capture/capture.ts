import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";
import { definePlugin, fileOfWorker, LOGGER, OPTIONS, PLACE, reasonOf, SluiceError, TAPS } from "sluice";
import type { FileProgress, Logger, Place, Plugin, PluginFactory, Taps } from "sluice";
import { inject, injectable } from "tsyringe";
import { CaptureFile } from "./capture-file.ts";
import { joinCaptures } from "./join-captures.ts";
import type { CaptureConfig } from "./config.ts";
import { optionsSchema, type CaptureOptions } from "./options.ts";

/** Writes the data of both legs of a listener's sessions into a pcapng file. */
@injectable()
class Capture implements Plugin {
  static readonly borrows = true;
  static readonly join = joinCaptures;
  readonly #path: string;
  #file: CaptureFile | undefined;

  constructor(
    @inject(OPTIONS) private readonly options: CaptureOptions,
    @inject(PLACE) private readonly place: Place,
    @inject(LOGGER) private readonly logger: Logger,
    @inject(TAPS) private readonly taps: Taps,
  ) {
    this.#path = fileOfWorker(path.resolve(place.folder, options.file), place.worker);
  }

  async setup(): Promise<void> {
    await this.#check();
    const { options, logger } = this;
    const { limit, rotate } = options;
    const file = CaptureFile.acquire(this.#path, limit === undefined ? rotate : { size: limit, files: 0 }, logger);
    this.#file = file;
    this.taps.tap((flow) => file.tap(flow));
    if (!options.secrets) return;
    this.taps.wire((wire) => file.wire(wire));
    logger.warn({ file: this.#path }, "the capture has the secrets of TLS sessions in it: whoever reads the file can decrypt them");
  }

  async teardown(): Promise<void> {
    const file = this.#file;
    await file?.release();
  }

  progress(): FileProgress {
    return this.#file?.progress ?? { entries: 0, bytes: 0 };
  }

  /** Checks that the file can be written, without creating it: setup also runs for a config that is only checked. */
  async #check(): Promise<void> {
    try {
      // With a separator at its end, it must be a folder.
      await access(path.dirname(this.#path) + path.sep, constants.W_OK);
      const found = await stat(this.#path).catch(() => undefined);
      if (found !== undefined && !found.isFile()) throw new Error("there is something that is no file");
    } catch (error) {
      const { listener } = this.place;
      throw new SluiceError(
        "SLUICE_CONFIG_INVALID",
        `listeners.${listener}: file of capture(): ${this.#path} cannot be written: ${reasonOf(error)}`,
      );
    }
  }
}

/**
 * Writes both legs of every session into a pcapng file, for Wireshark and tshark.
 *
 * @example plugins: [capture({ file: "captures/web.pcapng", rotate: { size: "20MiB" } })]
 */
export const capture: PluginFactory<CaptureConfig> = definePlugin("capture", Capture, optionsSchema);
