import { pino } from "pino";
import { of, type Observable } from "rxjs";
import type { HttpRequest, HttpResponse, LegReader, Metrics, Session, SluiceError } from "sluice";
import { ClientLeg } from "../../plugins/http/front/client-leg.ts";
import { Http1Requests } from "../../plugins/http/front/http1-requests.ts";
import { httpSchema } from "../../plugins/http/exchange/options.ts";
import { Serving } from "../../plugins/http/front/serving.ts";
import type { HttpUse } from "./http-proxy.ts";

/** A client's connection of HTTP/1 without a socket: what `http()` sends is read here, in the same turn. */
export class HttpConnection implements LegReader {
  readonly done = true;
  readonly leg: ClientLeg;
  /** What came, as latin1. */
  received = "";
  isEnded = false;
  error: SluiceError | undefined;
  /** Requests that were asked. */
  readonly asked: string[] = [];
  readonly counters: Record<string, number> = {};
  /** Whether the client reads. */
  isReading = true;
  /** Called with each chunk that came. */
  onData: () => void = () => undefined;

  constructor(answer: (request: HttpRequest) => Observable<HttpResponse> = () => of({ status: 200, headers: {} }), use: HttpUse = {}) {
    const counter = (name: string): { inc(): void } => ({ inc: () => void (this.counters[name] = (this.counters[name] ?? 0) + 1) });
    const exchange = (request: HttpRequest): Observable<HttpResponse> => {
      this.asked.push(`${request.method} ${request.url}`);
      return answer(request);
    };
    const metrics = { counter } as unknown as Metrics;
    const serving = new Serving(httpSchema.parse(use), exchange, pino({ level: "silent" }), metrics);
    const close = (error: SluiceError): void => this.failed(error);
    const session = { id: 1, client: "a", listener: "web", close } as unknown as Session;
    this.leg = new ClientLeg((leg) => new Http1Requests(session, leg, serving));
    this.leg.read(this);
  }

  /** Statuses and bodies that came, without headers. */
  get answers(): string[] {
    return this.received
      .split("HTTP/1.1 ")
      .slice(1)
      .map((answer) => `${answer.slice(0, 3)} ${answer.split("\r\n\r\n").slice(1).join("")}`.trim());
  }

  send(text: string): boolean {
    return this.leg.write(Buffer.from(text, "latin1"));
  }

  data(chunk: Buffer): boolean {
    this.received += chunk.toString("latin1");
    this.onData();
    return this.isReading;
  }

  end(): void {
    this.isEnded = true;
  }

  /** What the session does of it. */
  failed(error: SluiceError): void {
    this.error = error;
    this.leg.reset();
  }
}
