import { duration } from "sluice";
import { isIP } from "node:net";
import { z } from "zod";
import { canonicalName } from "./certificates/canonical-name.ts";

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const dnsName = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);

const hostName = z
  .string()
  .transform(canonicalName)
  .refine((name) => (isIP(name) !== 0 && !name.includes("%")) || (name.length <= 253 && dnsName.test(name)), {
    error: 'expected a DNS name in ASCII, such as "localhost" or "*.example.test", or an IP address',
  });
/** PEM text, or the path of a file with it, relative to the config's folder. */
const pem = z.string().min(1);

const pems = z.union([pem, z.array(pem).min(1)]).transform((given) => (typeof given === "string" ? [given] : given));

/** The name of an ALPN protocol. Its length has one byte in the message (RFC 7301). */
const protocol = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 255, { error: "expected the name of a protocol, of at most 255 bytes" });

/** Options that depend on each other. */
interface Together {
  readonly selfSigned?: readonly string[] | undefined;
  readonly ca: boolean;
  readonly caFolder?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly certificates?: readonly unknown[] | undefined;
}

function checkOptions(options: Together, context: z.RefinementCtx): void {
  for (const [refused, path, message] of [...waysOf(options), ...partnersOf(options)])
    if (refused) context.addIssue({ code: "custom", path: [path], message });
}

type Rule = readonly [refused: boolean, path: string, message: string];

function waysOf({ selfSigned, cert, key, certificates }: Together): readonly Rule[] {
  const ways = [selfSigned, cert ?? key, certificates].filter((way) => way !== undefined).length;
  const message = `give exactly one of "selfSigned", "cert" with "key", or "certificates"; this has ${ways || "none"}`;
  return [
    [ways !== 1, "selfSigned", message],
    [key === undefined && cert !== undefined, "key", 'missing: "cert" needs its private key'],
    [cert === undefined && key !== undefined, "cert", 'missing: "key" needs its certificate'],
  ];
}

function partnersOf({ selfSigned, ca, caFolder, key, passphrase }: Together): readonly Rule[] {
  const signs = selfSigned !== undefined && ca;
  return [
    [key === undefined && passphrase !== undefined, "passphrase", '"passphrase" goes with "key"'],
    [!ca && selfSigned === undefined, "ca", '"ca: false" goes with "selfSigned"'],
    [caFolder !== undefined && !signs, "caFolder", '"caFolder" goes with "selfSigned", and not with "ca: false"'],
  ];
}

export const tlsTerminationSchema = z
  .object({
    /** Names for which certificates are made, which a local CA signs. */
    selfSigned: z.array(hostName).min(1).optional(),
    /** The folder of the local CA, relative to the config's folder. By default `.sluice/` next to the config, or the folder of the user's CA. */
    caFolder: z.string().min(1).optional(),
    /** `false`, with `selfSigned`: one certificate that signs itself, and no CA. */
    ca: z.boolean().default(true),
    cert: pem.optional(),
    key: pem.optional(),
    /** The passphrase of `key`. */
    passphrase: z.string().optional(),
    /**
     * Several certificates, chosen by the name that the client asks for (SNI); the first one for all other names. A name may have one certificate
     * per type of key (RSA and ECDSA): the client gets the one that it can verify.
     */
    certificates: z
      .array(z.strictObject({ names: z.array(hostName).min(1), cert: pem, key: pem, passphrase: z.string().optional() }))
      .min(1)
      .optional(),
    /** The protocols that are offered through ALPN, the preferred first. */
    alpn: z.array(protocol).min(1).optional(),
    minVersion: z.enum(["TLSv1.2", "TLSv1.3"]).default("TLSv1.2"),
    /** Asks clients for a certificate that `ca` has signed. */
    clientAuth: z
      .strictObject({
        ca: pems,
        /** The certificate revocation lists of the authorities: PEM text or paths. No session is resumed then, so that each handshake is checked. */
        crl: pems.default([]),
        /** `false`: clients without a certificate are served too; a certificate that `ca` has not signed is still refused. */
        require: z.boolean().default(true),
      })
      .optional(),
    /** The longest time for the whole handshake, including the ClientHello. By default the config's `timeouts.handshake`. */
    handshakeTimeout: duration({ zero: false }).optional(),
    /** `true`: a client whose first byte does not begin TLS is served without encryption. */
    optional: z.boolean().default(false),
    /** `true`: the end of a connection without close_notify counts as a normal end (RFC 8446 section 6.1), for old clients. */
    allowTruncation: z.boolean().default(false),
    /** `false`: no client can resume an earlier TLS session; every connection makes a full handshake, which costs more. */
    resume: z.boolean().default(true),
    /** A file to which the sessions' secrets are appended, in the NSS format that Wireshark reads. */
    keyLog: z.string().min(1).optional(),
  })
  .superRefine(checkOptions);

export type TlsTerminationOptions = z.output<typeof tlsTerminationSchema>;
