import { isIP } from "node:net";
import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type Address, type Endpoint, type Upstream, type UpstreamTarget } from "../contract/index.ts";
import { createBalancer, type Balancer } from "./balancer.ts";
import type { DialContext, Dialer } from "./dialer.ts";
import { upstreamError } from "./os-errors.ts";
import { dialUdp } from "./udp-upstream-leg.ts";

/** Makes the dialer of a UDP listener's upstream: each leg is a connected socket of its own. */
export function createUdpDialer(target: UpstreamTarget, context: DialContext): Dialer {
  const balancer = createBalancer(target, context);
  return {
    attempts(resolve = context.resolve) {
      const tried = new Set<Endpoint>();
      return new Observable<Upstream>((subscriber) => {
        const endpoint = balancer.next(tried);
        tried.add(endpoint);
        if (tried.size === target.endpoints.length) tried.clear();
        const open = (address: Address): void => {
          const refused = context.refuse?.(address.address, endpoint.port);
          if (refused === undefined) connectTo(endpoint, address, balancer, subscriber);
          else subscriber.error(refused);
        };
        const family = isIP(endpoint.host);
        if (family === 4 || family === 6) return void open({ address: endpoint.host, family, ttl: 0 });
        return lookUp(endpoint, { ...context, resolve }, open, subscriber);
      });
    },
  };
}

function lookUp(
  endpoint: Endpoint,
  { resolve, connectTimeout }: DialContext,
  open: (address: Address) => void,
  subscriber: Subscriber<Upstream>,
): () => void {
  const timer = setTimeout(() => {
    subscriber.error(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", `${endpoint.text}: its name was not found within ${connectTimeout} ms`));
  }, connectTimeout);
  const lookup = resolve(endpoint.host).subscribe({
    next: (addresses) => {
      clearTimeout(timer);
      // No handshake shows which family works, so IPv4 goes first, as it does on most networks.
      const best = addresses.find(({ family }) => family === 4) ?? addresses[0];
      if (best === undefined)
        subscriber.error(new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `${endpoint.text}: the name has no address`));
      else open(best);
    },
    error: (error: unknown) => {
      subscriber.error(upstreamError(error, endpoint.text));
    },
  });
  return () => {
    clearTimeout(timer);
    lookup.unsubscribe();
  };
}

function connectTo(endpoint: Endpoint, { address, family }: Address, balancer: Balancer, subscriber: Subscriber<Upstream>): void {
  const socket = dialUdp(address, family, endpoint.port, (error, leg) => {
    if (error === undefined && !subscriber.closed) {
      subscriber.next({ endpoint: endpoint.text, leg });
      subscriber.complete();
      return;
    }
    leg.destroy();
    if (error !== undefined) {
      balancer.failed(endpoint);
      subscriber.error(upstreamError(error, endpoint.text));
    }
  });
  if (!balancer.counts) return;
  balancer.opened(endpoint);
  socket.once("close", () => {
    balancer.closed(endpoint);
  });
}
