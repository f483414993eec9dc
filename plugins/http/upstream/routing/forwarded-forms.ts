import type { HttpHeaders } from "sluice";
import { addressOf, type TrustedProxies } from "../../exchange/trusted-proxies.ts";
import { forwardedElements, nodeOf } from "../../exchange/forwarded-elements.ts";
import { first } from "../../message/header-fields.ts";

/**
 * A trusted proxy that sends only X-Forwarded-For, or only Forwarded: adds the other one, and X-Forwarded-Host and -Proto. An upstream may read either
 * one, and each must name the same client.
 */
export function addOtherForm(headers: HttpHeaders, trusted: TrustedProxies): void {
  const list = textOf(headers["x-forwarded-for"]);
  const forwarded = textOf(headers["forwarded"]);
  if (list !== "" && forwarded === "") headers["forwarded"] = elementsOf(list, headers, trusted);
  if (list === "" && forwarded !== "") setFields(headers, forwarded, trusted);
}

/** X-Forwarded-Host and -Proto are about the client's request, so they belong to the client's element (RFC 7239 section 7.4). */
function elementsOf(list: string, headers: HttpHeaders, trusted: TrustedProxies): string {
  const nodes = list.split(",");
  const client = trusted.indexOfClient(nodes);
  return nodes
    .map((node, at) => `for=${nodeOf(addressOf(node)?.address ?? "unknown")}${at === client ? requestOf(headers) : ""}`)
    .join(", ");
}

function requestOf(headers: HttpHeaders): string {
  const host = first(headers, "x-forwarded-host");
  const proto = first(headers, "x-forwarded-proto");
  const hostPart = host === undefined ? "" : `;host="${host.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return hostPart + (proto !== undefined && /^[a-z][a-z\d+.-]*$/i.test(proto) ? `;proto=${proto}` : "");
}

function setFields(headers: HttpHeaders, forwarded: string, trusted: TrustedProxies): void {
  const elements = forwardedElements(forwarded).filter(({ node }) => node !== undefined);
  const nodes = elements.map(({ node = "" }) => node);
  headers["x-forwarded-for"] = nodes.map((node) => addressOf(node)?.address ?? "unknown").join(", ");
  const { host, proto } = elements[trusted.indexOfClient(nodes)] ?? {};
  if (host !== undefined) headers["x-forwarded-host"] ??= host;
  if (proto !== undefined) headers["x-forwarded-proto"] ??= proto;
}

function textOf(value: string | string[] = ""): string {
  return [value]
    .flat()
    .filter((text) => text !== "")
    .join(", ");
}
