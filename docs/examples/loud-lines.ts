import { definePlugin } from "sluice";
import { lines, messages } from "sluice/codec";
import { each } from "sluice/flow";

/** Makes lines of the client loud, and leaves its comments out. */
export const loudLines = definePlugin("loud-lines", () => {
  return {
    borrows: true,
    fromClient: (data) =>
      data.pipe(
        messages(
          lines({ max: 64 * 1024 }),
          each((line) => (line.startsWith("#") ? null : line.toUpperCase())),
        ),
      ),
  };
});
