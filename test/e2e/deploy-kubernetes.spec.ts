import { expect } from "chai";
import { basename, join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import type { Deployment } from "kubernetes-types/apps/v1.d.ts";
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.d.ts";
import type { ConfigMap, Container, Service } from "kubernetes-types/core/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import { startUpstream } from "sluice/testing";
import { resolveConfig } from "../../core/config/check/resolve-config.ts";
import { transports } from "../../core/net/transports/table.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli } from "../support/cli.ts";
import { ConfigMapFolder } from "../support/config-map.ts";
import { exchange } from "../support/exchange.ts";
import { findTool } from "../setup/tools.ts";
import { ask } from "../support/http-client.ts";
import { typeErrors, type Manifest } from "../support/kubernetes-types.ts";
import { mustRun } from "../support/real-peer.ts";
import { filesUnder, readText, root } from "../support/repository.ts";
import { connect } from "../support/sockets.ts";

/** Without the question marks: a test that reads what is not there fails anyway. */
type Whole<T> = T extends object ? { readonly [K in keyof T]-?: Whole<NonNullable<T[K]>> } : T;

interface Kinds {
  readonly Deployment: Deployment;
  readonly Service: Service;
  readonly PodDisruptionBudget: PodDisruptionBudget;
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  readonly ConfigMap: ConfigMap;
}

const folder = "docs/deploy/kubernetes";
const base = `${folder}/base`;
const onFreePorts = (text: string): string => text.replaceAll(/0\.0\.0\.0:\d+/g, "127.0.0.1:0");

describe("the manifests for Kubernetes", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const files = filesUnder(base, ".yaml").filter((file) => basename(file) !== "kustomization.yaml");
  const manifests = files.map((file) => parse(readText(file)) as Manifest);
  const of = <K extends keyof Kinds>(kind: K, among: readonly Manifest[] = manifests): Whole<Kinds[K]> =>
    among.find((manifest) => manifest.kind === kind) as unknown as Whole<Kinds[K]>;
  const deployment = of("Deployment");
  const pod = deployment.spec.template.spec;
  const container = pod.containers[0] as Whole<Container>;
  const portNames = container.ports.map(({ name }) => name);
  const text = readText(`${base}/proxy.config.ts`);

  /** What kustomize makes of a folder. */
  async function built(context: Mocha.Context, path: string): Promise<Manifest[]> {
    const kubectl = findTool("kubectl");
    // Debian's is too old for `patches`, so that it is not asked for even in CI.
    if (kubectl === undefined) return context.skip();
    return parseAllDocuments(await mustRun(kubectl, ["kustomize", join(root, path)])).map((document) => document.toJS() as Manifest);
  }

  it("have the fields of Kubernetes' schemas, and no others", async () => {
    expect(manifests.map(({ kind }) => kind)).to.have.members(["Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"]);
    expect(await typeErrors(cleanup, manifests)).to.deep.equal([]);
  });

  it("are rejected if a field is misspelt, missing, or of another type", async () => {
    const spoilt = (change: (copy: { spec: Record<string, never> }) => void): Manifest => {
      const copy = structuredClone(deployment) as unknown as { spec: Record<string, never> };
      change(copy);
      return copy as unknown as Manifest;
    };
    const errors = await typeErrors(cleanup, [
      spoilt(({ spec }) => Object.assign(spec, { replica: 1 })),
      spoilt(({ spec }) => Reflect.deleteProperty(spec, "selector")),
      spoilt(({ spec }) => Object.assign(spec, { paused: "no" })),
    ]);
    expect(errors).to.have.length(3);
  });

  it("are built by kustomize, with a ConfigMap whose name does not change", async function () {
    const made = await built(this, base);
    expect(await typeErrors(cleanup, made)).to.deep.equal([]);
    const map = of("ConfigMap", made);
    expect(map.metadata.name).to.equal(pod.volumes.find(({ name }) => name === "config")?.configMap?.name);
    expect(map.data).to.deep.equal({ "proxy.config.ts": text });
  });

  it("can be changed by an overlay: image, namespace, config and environment", async function () {
    const made = await built(this, `${folder}/overlays/shop`);
    expect(await typeErrors(cleanup, made)).to.deep.equal([]);
    const changed = of("Deployment", made);
    const own = changed.spec.template.spec.containers[0] as Whole<Container>;
    expect(own.image).to.equal("registry.example.com/shop/proxy:1.4.0");
    expect(own.env.map(({ name }) => name)).to.have.members(["ADMIN_TOKEN", "POD_IP", "UPSTREAM"]);
    expect(own.env.find(({ name }) => name === "UPSTREAM")?.value).to.include("shop.shop.svc");
    const map = of("ConfigMap", made);
    expect(Object.keys(map.data)).to.have.members(["proxy.config.ts", "polite.ts"]);
  });

  it("agree with each other: selectors, ports, and the target of the scaling", () => {
    const labels = deployment.spec.template.metadata.labels;
    const service = of("Service");
    expect(deployment.spec.selector.matchLabels).to.deep.equal(labels);
    expect(service.spec.selector).to.deep.equal(labels);
    expect(of("PodDisruptionBudget").spec.selector.matchLabels).to.deep.equal(labels);
    expect(portNames).to.include.members(service.spec.ports.map(({ targetPort }) => String(targetPort)));
    const scaler = of("HorizontalPodAutoscaler").spec;
    expect(scaler.scaleTargetRef).to.deep.equal({ apiVersion: "apps/v1", kind: "Deployment", name: deployment.metadata.name });
    expect(deployment.spec).to.not.have.property("replicas");
    const metric = scaler.metrics[0]?.pods.metric.name;
    expect(metric).to.equal("sluice_sessions_active");
    expect(readText(`${folder}/prometheus-adapter.yaml`)).to.include(metric);
    expect(readText("docs/metrics.md")).to.include(`| \`${metric}\` |`);
  });

  it("run the proxy as an unprivileged user, on a read-only file system", () => {
    expect(pod.securityContext).to.deep.include({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod.automountServiceAccountToken).to.equal(false);
    expect(container.volumeMounts.find(({ name }) => name === "config")).to.not.have.property("subPath");
  });

  it("give a pod as much time to end as its config needs", async () => {
    const { shutdown, timeouts } = await configIn(text);
    const grace = pod.terminationGracePeriodSeconds * 1_000;
    expect(shutdown.delay).to.be.above(0);
    expect(grace).to.be.at.least(shutdown.delay + timeouts.drain + 5_000);
  });

  async function configIn(source: string): Promise<ReturnType<typeof resolveConfig>> {
    const written = createCliFolder(cleanup);
    written.write("proxy.config.ts", source);
    const { ConfigLoader } = await import("../../core/config/load/config-loader.ts");
    process.env["ADMIN_TOKEN"] = "given-by-a-secret";
    cleanup.add(() => void Reflect.deleteProperty(process.env, "ADMIN_TOKEN"));
    const loaded = await new ConfigLoader(join(written.path, "proxy.config.ts"), transports).load();
    loaded.retire();
    return loaded.config;
  }

  describe("in a pod, simulated by the test", () => {
    let map: ConfigMapFolder;
    let cli: Cli;
    let port: number;
    let admin: number;
    const config = onFreePorts(text);
    const loud = {
      "loud.ts": `import { definePlugin } from "sluice";
import { each } from "sluice/flow";
export const loud = definePlugin("loud", () => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.from(String(chunk).toUpperCase()))) }));
`,
      "proxy.config.ts": config
        .replace("upstream: UPSTREAM", "upstream: UPSTREAM, plugins: [loud()]")
        .replace("export default", 'import { loud } from "./loud.ts";\nexport default'),
    };

    beforeEach(async () => {
      const upstream = cleanup.keep(await startUpstream("echo"));
      const place = createCliFolder(cleanup);
      map = new ConfigMapFolder(join(place.path, "config"));
      map.update({ "proxy.config.ts": config });
      const environment = { ADMIN_TOKEN: "given-by-a-secret", POD_IP: "10.1.2.3", UPSTREAM: upstream.endpoint };
      expect(container.env.map(({ name }) => name)).to.have.members(Object.keys(environment));
      cli = startCli(cleanup, place, container.args ?? [], environment);
      ({ web: port = 0 } = await cli.ready());
      admin = Number(/:(\d+)\//.exec(cli.lines.find((line) => line.startsWith("admin ")) ?? "")?.[1]);
    });

    it("open sessions use the pipeline of a new ConfigMap, and lose nothing with an invalid one", async () => {
      const open = cleanup.keep(await connect(port));
      expect(await exchange(open, "hello")).to.equal("hello");
      map.update(loud);
      await cli.line(/^reloaded generation 2$/);
      expect(await exchange(open, "hello")).to.equal("HELLO");
      map.update({ ...loud, "proxy.config.ts": `${config};)` });
      await cli.error("SLUICE_CONFIG_SYNTAX");
      expect(await exchange(open, "hello")).to.equal("HELLO");
      map.update({ "proxy.config.ts": config });
      await cli.line(/^reloaded generation 3$/);
      expect(await exchange(open, "hello")).to.equal("hello");
    });

    it("probes are answered with any Host, and Prometheus if its Host is the pod's address", async () => {
      const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
      for (const probe of probes) {
        expect(portNames).to.include(probe.httpGet.port);
        expect((await ask(admin, { path: probe.httpGet.path ?? "", headers: { host: "10.9.9.9:9900" } })).status).to.equal(200);
      }
      const scraped = await ask(admin, { path: "/metrics", headers: { host: "10.1.2.3:9900" } });
      expect([scraped.status, /^sluice_sessions_active\{listener="web"\} 0$/m.test(scraped.body)]).to.deep.equal([200, true]);
      expect((await ask(admin, { path: "/metrics", headers: { host: "10.9.9.9:9900" } })).status).to.equal(403);
    });
  });
});
