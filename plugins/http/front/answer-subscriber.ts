import type { HttpResponse } from "sluice";
import { Subscriber } from "rxjs";

/** Takes what the exchange hooks answer. */
export interface Answered {
  answered(response: HttpResponse): void;
  failed(error: unknown): void;
  /** The hooks emit nothing more. */
  completed(): void;
}

/** Subscribes to the exchange hooks. One object: with an observer of three functions, RxJS makes two others around them for each request. */
export class AnswerSubscriber extends Subscriber<HttpResponse> {
  constructor(private readonly exchange: Answered) {
    // oxlint-disable-next-line typescript/no-deprecated -- an observer would be six more objects for each request
    super();
  }

  override _next(response: HttpResponse): void {
    this.exchange.answered(response);
  }

  override _error(error: unknown): void {
    try {
      this.exchange.failed(error);
    } finally {
      this.unsubscribe();
    }
  }

  override _complete(): void {
    try {
      this.exchange.completed();
    } finally {
      this.unsubscribe();
    }
  }
}
