import { wireFields } from "../message/header-fields.ts";
import { fieldLines } from "../message/message-head.ts";
import { checkTarget, type Outbound } from "./routing/outbound.ts";
import { UpstreamAttempt, type AttemptPlace } from "./upstream-attempt.ts";
import type { UpstreamConnection } from "./connection/upstream-connection.ts";

/** An attempt that sends a complete request, with its body if it has one. @throws TypeError where a field, or the target, may not be sent */
export function ask(request: Outbound, place: AttemptPlace): UpstreamAttempt {
  // A stream of HTTP/2 makes its own message.
  return new CompleteRequest(place.connections.isHttp2 ? undefined : messageOf(request), request, place);
}

class CompleteRequest extends UpstreamAttempt {
  readonly isExpecting = false;

  constructor(
    private readonly message: Buffer | undefined,
    ...rest: ConstructorParameters<typeof UpstreamAttempt>
  ) {
    super(...rest);
  }

  protected override send(connection: UpstreamConnection): void {
    connection.sendAll(this.message ?? messageOf(this.request));
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
