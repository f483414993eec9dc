import { SluiceError } from "../../contract/index.ts";

const late = new WeakSet<object>();
/** Whether an error means that there was no answer in time. */
export const isLate = (error: unknown): boolean => typeof error === "object" && error !== null && late.has(error);

/** The first process's answer. @throws SLUICE_WORKER_LOST if there is no answer in time */
export async function answerWithin<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // `setImmediate`: if this process itself was busy, the answer has already come, and is read before this runs.
      setImmediate(() => {
        const error = new SluiceError("SLUICE_WORKER_LOST", `the first process did not answer within ${milliseconds} ms`);
        late.add(error);
        reject(error);
      });
    }, milliseconds);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
