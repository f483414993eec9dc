/** What a stage runs: with the chunk, or with what is bound to the stage and the chunk. */
export type Run = (given: never, chunk: never) => unknown;

/** Takes what a stage emits when it ends. A promise is waited for. */
export type Emit = (chunk: unknown) => void | PromiseLike<void>;

/** A stage with a state. */
export interface Stateful {
  /** Handles a chunk, once it has begun. */
  readonly run: Run;
  /** The first argument of `run`, in front of the chunk. Undefined: `run` takes the chunk alone. */
  readonly bound: unknown;
  /** @returns whether the state that it replaces is still in use: then `work` is called when it may begin */
  waits(work: () => void): boolean;
  /** Called at the beginning, while the state that it replaces is still there. */
  begin(): void;
  /** No more chunks come: emits what it holds, unless another stage takes over the state. */
  finish(emit: Emit): void | PromiseLike<void>;
  /** Its plugin is taken out: returns what it holds. Throws what the plugin's code throws. */
  abandon(): Buffer[];
  /** Nothing of it is needed any more. */
  discard(): void;
  /** The whole messages in a chunk that it has passed on, for an observer. Undefined: it works on bytes. */
  messagesIn?(chunk: Buffer): readonly unknown[];
}
