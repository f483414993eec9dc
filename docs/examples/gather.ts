import { CLOCK, definePlugin, duration, size } from "sluice";
import { hold } from "sluice/flow";
import { Observable, type MonoTypeOperatorFunction, type SchedulerLike, type Subscription } from "rxjs";
import { z } from "zod";

/**
 * Puts small chunks together until there are so many bytes, or so much time has passed.
 *
 * @param wait milliseconds
 */
export function gatherBytes(bytes: number, wait: number, scheduler: SchedulerLike): MonoTypeOperatorFunction<Buffer> {
  return (source) =>
    new Observable((subscriber) => {
      // In the subscribe function: here the hold finds its flow.
      const grip = hold(bytes);
      let kept: Buffer[] = [];
      let held = 0;
      let timer: Subscription | undefined;
      const flush = (): void => {
        timer?.unsubscribe();
        timer = undefined;
        if (held === 0) return;
        const whole = Buffer.concat(kept);
        kept = [];
        held = 0;
        grip.release(whole.length, () => {
          subscriber.next(whole);
        });
      };
      subscriber.add(() => timer?.unsubscribe());
      return source.subscribe({
        next: (chunk) => {
          grip.acquire(chunk.length);
          kept.push(chunk);
          held += chunk.length;
          if (held >= bytes) flush();
          else timer ??= scheduler.schedule(flush, wait);
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        // The client's FIN, or a reload that puts other operators in place: either way, nothing may stay behind.
        complete: () => {
          flush();
          subscriber.complete();
        },
      });
    });
}

const schema = z.object({ bytes: size().prefault("16KiB"), wait: duration().prefault("10ms") });

/** Fewer and larger writes to an upstream that pays per write. */
export const gather = definePlugin(
  "gather",
  ({ bytes, wait }, inject) => {
    const clock = inject(CLOCK);
    return { fromClient: (data) => data.pipe(gatherBytes(bytes, wait, clock)) };
  },
  schema,
);
