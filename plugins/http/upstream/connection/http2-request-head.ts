import type { HttpHeaders } from "sluice";
import type { OutgoingHttpHeaders } from "node:http2";
import { addHttp2Fields } from "../../message/http2-fields.ts";
import { checkTarget, type Outbound } from "../routing/outbound.ts";

/** The head of a request for Node's client. The headers are the attempt's own. @throws TypeError when a field may not be sent */
export function headersOf({ method, url, headers, upgrade }: Outbound, scheme: string): OutgoingHttpHeaders {
  checkTarget(url);
  const fields: HttpHeaders = {
    ":method": upgrade === undefined ? method : "CONNECT",
    ":scheme": scheme,
    ":authority": "",
    ":path": url,
  };
  addHttp2Fields(fields, headers);
  fields[":authority"] = fields["host"] ?? "";
  return settled(fields, upgrade);
}

function settled(fields: OutgoingHttpHeaders, upgrade: string | undefined): OutgoingHttpHeaders {
  // It is sent as the authority. Node leaves out what is undefined; a field that is deleted would make the object a slow table.
  fields["host"] = undefined;
  if (upgrade === undefined) {
    // Trailers are always accepted (RFC 9110 section 10.1.4); gRPC servers require this field.
    fields["te"] = "trailers";
    return fields;
  }
  fields[":protocol"] = upgrade;
  // RFC 8441 section 5: these two fields exist only in HTTP/1.
  delete fields["sec-websocket-key"];
  return fields;
}
