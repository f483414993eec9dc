import { SluiceError, type Place } from "sluice";

/** @throws SLUICE_CONFIG_INVALID on a listener whose sessions are made of datagrams */
export function refuseDatagrams(plugin: string, { listener, datagrams, transport }: Place): void {
  if (datagrams)
    throw new SluiceError("SLUICE_CONFIG_INVALID", `listener "${listener}": ${plugin} needs a listener of streams, not ${transport}://`);
}
