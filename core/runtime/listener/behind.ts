import type { SessionsBehind } from "../../contract/index.ts";
import type { SwapFault } from "../session/session-flows.ts";

/** The sessions that could not follow one reload. */
export class Behind {
  #sessions = 0;
  readonly #generations = new Set<number>();
  #reason = "";

  /** @param fault why the session could not follow; undefined: it has followed */
  note({ generation }: { readonly generation: number }, fault: SwapFault | undefined): void {
    if (fault === undefined) return;
    if (this.#sessions === 0) this.#reason = reasonFor(fault);
    this.#sessions += 1;
    this.#generations.add(generation);
  }

  report(): { readonly behind?: SessionsBehind } {
    if (this.#sessions === 0) return {};
    const generations = [...this.#generations].toSorted((a, b) => a - b);
    return { behind: { sessions: this.#sessions, generations, reason: this.#reason } };
  }
}

function reasonFor({ plugin, error }: SwapFault): string {
  const subject = `plugin "${plugin}": `;
  return error.detail.startsWith(subject) ? error.detail : `${subject}${error.detail}`;
}
