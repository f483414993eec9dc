import type { OpenRateLimitStore, RateLimitStoreParts, RateLimitStoreSource } from "../store.ts";
import { RedisLink } from "./redis-link.ts";
import { LeasingStore } from "../leasing-store.ts";
import type { ResolvedRedisOptions } from "./options.ts";

interface Shared {
  readonly link: RedisLink;
  readonly store: LeasingStore;
  users: number;
}

/** One connection for all uses with the same options, since a reload opens the new ones before it closes the old. */
const open = new Map<string, Shared>();

/** What `redis()` returns. The same options make an equal value, so that a reload without changes here keeps the connection. */
export class RedisSource implements RateLimitStoreSource {
  constructor(readonly options: ResolvedRedisOptions) {}

  open(parts: RateLimitStoreParts): OpenRateLimitStore {
    const key = JSON.stringify([this.options, parts.maxKeys, parts.processes]);
    const shared = open.get(key) ?? this.#connect(parts);
    open.set(key, shared);
    shared.users += 1;
    shared.store.report(parts);
    let isClosed = false;
    return {
      take: (...asked) => shared.store.take(...asked),
      opened: shared.link.opened,
      close: () => {
        if (isClosed) return;
        isClosed = true;
        shared.users -= 1;
        if (shared.users > 0) return;
        open.delete(key);
        shared.link.close();
      },
    };
  }

  #connect({ maxKeys, processes }: RateLimitStoreParts): Shared {
    const link = new RedisLink(this.options);
    const { share, ...options } = this.options;
    return { link, store: new LeasingStore(link, { ...options, share: share * processes }, maxKeys), users: 0 };
  }
}
