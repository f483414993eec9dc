import { definePlugin, LOGGER, OPTIONS, type Logger, type Plugin } from "sluice";
import { each } from "sluice/flow";
import type { Observable } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** After how many chunks a line is logged. */
  every: z.number().default(10),
});

/** Counts the chunks of all clients. Without decorators: in a project that says nothing of them, it compiles. */
class Counted implements Plugin {
  static readonly inject = [OPTIONS, LOGGER];
  #chunks = 0;

  constructor(
    private readonly options: z.output<typeof schema>,
    private readonly logger: Logger,
  ) {}

  fromClient(data: Observable<Buffer>): Observable<Buffer> {
    return data.pipe(
      each((chunk) => {
        this.#chunks += 1;
        if (this.#chunks % this.options.every === 0) this.logger.info({ chunks: this.#chunks }, "counted");
        return chunk;
      }),
    );
  }
}

export const counted = definePlugin("counted", Counted, schema);
