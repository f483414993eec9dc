import { RequestBody } from "../exchange/request-body.ts";

/** Receives the bodies of successive requests. Pieces that come together are joined, since a client may send each byte in a chunk of its own. */
export class BodyIntake {
  #pieces: Buffer[] = [];
  #body: RequestBody | undefined;

  /** @param wanted called when more of a body may come */
  constructor(private readonly wanted: () => void) {}

  /** Bytes that are not read yet. */
  get pending(): number {
    return this.#body === undefined || this.#body.destroyed ? 0 : this.#body.readableLength;
  }

  take(piece: Buffer): void {
    this.#pieces.push(piece);
  }

  /** The bytes since the last call. */
  came(): Buffer | undefined {
    const came = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : this.#pieces[0];
    if (came !== undefined) this.#pieces = [];
    return came;
  }

  /** @param came the bytes that have come already */
  begin(came: Buffer | undefined): RequestBody {
    this.#body = new RequestBody(this.wanted);
    if (came !== undefined) this.#body.push(came);
    return this.#body;
  }

  /**
   * Begins the body of a request.
   * @param most the most bytes of a body that is sent together with the header
   * @returns the whole body if it has come and is short enough, else a stream; undefined when there is none
   */
  start(
    { isWhole, trailers }: { readonly isWhole: boolean; readonly trailers: readonly string[] },
    most: number,
  ): RequestBody | Buffer | undefined {
    const came = this.came();
    if (isWhole && trailers.length === 0 && (came?.length ?? 0) <= most) return came;
    const body = this.begin(came);
    if (isWhole) this.end(trailers);
    return body;
  }

  /** Passes on the bytes that have come. */
  deliver(): void {
    const came = this.came();
    if (came !== undefined) this.#body?.push(came);
  }

  end(trailers: readonly string[]): void {
    const body = this.#body;
    if (body === undefined) return;
    this.#body = undefined;
    body.rawTrailers = trailers;
    body.push(null);
  }

  destroy(): void {
    this.#body?.destroy();
  }
}
