import type { HttpResponse } from "sluice";
import { Observable } from "rxjs";
import { wireFields } from "../message/header-fields.ts";
import { fieldLines } from "../message/message-head.ts";
import { checkTarget, type Outbound } from "./outbound.ts";
import { UpstreamAttempt, type AttemptPlace } from "./upstream-attempt.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

/**
 * Sends a complete request, with its body if it has one, and emits the response. Each subscription is one attempt; unsubscribing before the
 * response aborts it. After that the subscriber owns the response's body.
 */
export function ask(request: Outbound, place: AttemptPlace): Observable<HttpResponse> {
  return new Observable((subscriber) => {
    const message = messageOf(request);
    const attempt = new CompleteRequest(message, request, place, subscriber);
    attempt.start();
    return attempt;
  });
}

class CompleteRequest extends UpstreamAttempt {
  readonly isLast = false;
  readonly isExpecting = false;

  constructor(
    private readonly message: Buffer,
    ...rest: ConstructorParameters<typeof UpstreamAttempt>
  ) {
    super(...rest);
  }

  protected override send(connection: UpstreamConnection): void {
    connection.sendAll(this.message);
  }

  override drained(): void {
    // Everything was sent at once.
  }

  override over(): void {
    // Everything was sent at once.
  }
}

/** The bytes of the request. @throws TypeError when a field or the target may not be sent */
function messageOf({ method, url, headers, fieldNames, content, upgrade }: Outbound): Buffer {
  checkTarget(url);
  const head = `${method} ${url} HTTP/1.1\r\n${fieldLines(wireFields(headers, fieldNames))}${upgrading(upgrade)}\r\n`;
  const body = content?.whole;
  if (body === undefined) return Buffer.from(head, "latin1");
  const message = Buffer.allocUnsafe(head.length + body.length);
  message.write(head, 0, "latin1");
  body.copy(message, head.length);
  return message;
}

function upgrading(upgrade: string | undefined): string {
  return upgrade === undefined ? "" : fieldLines(["Connection", "Upgrade", "Upgrade", upgrade]);
}
