// The main job by somebody who has nothing but the types that openapi-typescript makes of the document.
// node out/job.js URL COORDINATOR_TOKEN; ends with 1 as soon as anything is not as it should be.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type Kind = "application/json" | "application/problem+json";
type Client = ReturnType<typeof createClient<paths, Kind>>;
type Answer<T> = { data?: T; error?: unknown; response: Response };

declare const process: { argv: string[] };

const [url, coordinatorToken] = process.argv.slice(2);
if (!url || !coordinatorToken) throw new Error("usage: job.js URL COORDINATOR_TOKEN");
const HOME: Schemas["NewPlace"] = { lat: 51.53, lon: 7.156, address: "Wilhelmstraße 5, 44649 Herne" };
const stranger = signedIn();

const resident = await signUp("Irmgard");
const volunteer = await signUp("Karim");
const friend = await signUp("Lena");
const coordinator = signedIn(coordinatorToken);
for (const helper of [volunteer, friend]) await getReady(helper);

const request = await ask("shopping");
await findInvitation(request.id);
await takeIt(request.id);
await settle(request.id);
await answerOtherwise((await ask("shopping")).id);
await vouch((await ask("household")).id);
await changeWhatWasRead();
await meetRefusals(request.id);

function signedIn(token?: string): Client {
  const headers: Record<string, string> = { "Accept-Language": "en" };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  return createClient<paths, Kind>({ baseUrl: url!, headers });
}

async function signUp(name: string): Promise<Client> {
  const email = `${name.toLowerCase()}.${crypto.randomUUID()}@example.org`;
  const password = "vier deutsche Wörter hier";
  const { person } = given(
    await stranger.POST("/v1/auth/sign-up", { body: { email, password, name, quarter: "blumenthal", language: "de" } }),
  );
  same(person.roles, ["resident"]);
  const signIn = await stranger.POST("/v1/auth/sign-in", { body: { login: email, password } });
  const refresh_token = given(signIn).session.refresh_token;
  const refreshed = given(await stranger.POST("/v1/auth/refresh", { body: { refresh_token } }));
  return signedIn(refreshed.session.access_token);
}

async function getReady(helper: Client): Promise<void> {
  const preferences = await helper.PUT("/v1/me/preferences", { body: { quiet_from: null, quiet_until: null } });
  same(given(preferences).quiet_from, null);
  const offer: Schemas["NewOffer"] = {
    categories: ["shopping", "household"],
    languages: ["de"],
    availability: [{ weekday: 0, from: "00:00", until: "24:00" }],
    reach: "quarter",
    tasks_per_week: 5,
    adult: true,
  };
  const id = given(await helper.POST("/v1/offers", { body: offer })).id;
  const change = { params: { path: { id }, header: { "If-Match": "*" } }, body: { availability: [] } };
  same(given(await helper.PATCH("/v1/offers/{id}", change)).availability, []);
  const device = { installation: "installation-1" };
  const phone: Schemas["NewDevice"] = {
    address: crypto.randomUUID(),
    kind: "token",
    platform: "ios",
    language: "de",
    app_version: "1.0.0",
  };
  same(given(await helper.PUT("/v1/me/devices/{installation}", { params: { path: device }, body: phone })).platform, "ios");
}

async function ask(category: Schemas["CategoryKey"]): Promise<Schemas["Request"]> {
  const body: Schemas["NewRequest"] = {
    category,
    needed_from: inHours(1),
    needed_until: inHours(9),
    urgent: true,
    place: HOME,
    private_note: "Please ring twice",
  };
  const params = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const first = given(await resident.POST("/v1/requests", { params, body }));
  same(given(await resident.POST("/v1/requests", { params, body })).id, first.id);
  same(first.state, "open");
  same(first.place?.address, HOME.address);
  return first;
}

async function findInvitation(id: string): Promise<void> {
  const asked = given(await volunteer.GET("/v1/invitations", { params: { query: { state: "asked", limit: 100 } } }));
  same(asked.items.map((invitation) => invitation.request.id), [id]);
  same(given(await volunteer.GET("/v1/requests/{id}", on(id))).place, undefined);
  const dispatch = given(await coordinator.GET("/v1/requests/{id}/dispatch", on(id)));
  const names = dispatch.waves?.flatMap((wave) => wave.asked.map((person) => person.name)) ?? [];
  check(names.includes("Karim") && names.includes("Lena"), `asked were ${names}`);
}

async function takeIt(id: string): Promise<void> {
  same((await friend.POST("/v1/requests/{id}/standby", on(id))).response.status, 204);
  same(given(await volunteer.POST("/v1/requests/{id}/accept", on(id))).state, "active");
  const contact = given(await volunteer.POST("/v1/requests/{id}/contact", on(id)));
  same([contact.name, contact.address, contact.phone], ["Irmgard", HOME.address, null]);
  const views = given(await resident.GET("/v1/requests/{id}/views", on(id)));
  same(views.items.map((view) => [view.role, view.reason]), [["volunteer", null]]);
}

async function settle(id: string): Promise<void> {
  const body = { minutes: 40, expenses_cents: 1250 };
  same(given(await volunteer.POST("/v1/requests/{id}/done", { ...on(id), body })).state, "done");
  same(given(await volunteer.POST("/v1/requests/{id}/undo", on(id))).state, "filled");
  same(given(await resident.POST("/v1/requests/{id}/done", on(id))).state, "done");
  const tasks = given(await volunteer.GET("/v1/me/tasks", { params: { query: { state: "done" } } }));
  same(tasks.items.map((task) => task.request.id), [id]);
  const [entry] = given(await resident.GET("/v1/me/notifications")).items;
  check(entry && entry.read_at === null, "the inbox has something new");
  same((await resident.POST("/v1/me/notifications/{id}/read", on(entry.id))).response.status, 204);
  check(given(await resident.GET("/v1/me/notifications/{id}", on(entry.id))).read_at, "it is read now");
}

async function answerOtherwise(id: string): Promise<void> {
  same((await volunteer.POST("/v1/requests/{id}/decline", on(id))).response.status, 204);
  same(given(await volunteer.POST("/v1/requests/{id}/accept", on(id))).request, id);
  same(given(await volunteer.POST("/v1/requests/{id}/withdraw", on(id))).state, "open");
  same(given(await friend.POST("/v1/requests/{id}/accept", on(id))).request, id);
  const [helper] = given(await resident.GET("/v1/requests/{id}", on(id))).helpers ?? [];
  check(helper, "the requester sees who helps");
  const body = { person: helper.person, reason: "My son is coming after all" };
  same(given(await resident.POST("/v1/requests/{id}/release", { ...on(id), body })).state, "open");
  same(given(await resident.POST("/v1/requests/{id}/still-needed", on(id))).state, "open");
  same(given(await resident.POST("/v1/requests/{id}/cancel", on(id))).state, "cancelled");
}

async function vouch(id: string): Promise<void> {
  const slug = "blumenthal";
  same(problem(await volunteer.POST("/v1/requests/{id}/accept", on(id))).code, "not_eligible");
  const person = given(await volunteer.GET("/v1/me")).id;
  const seen_on = inHours(-48).slice(0, 10);
  const verified = await coordinator.POST("/v1/quarters/{slug}/members/{person}/verify", {
    params: { path: { slug, person } },
    body: { level: "known", seen_on },
  });
  same(verified.response.status, 204);
  same(given(await volunteer.POST("/v1/requests/{id}/accept", on(id))).state, "active");
  const members = given(await coordinator.GET("/v1/quarters/{slug}/members", { params: { path: { slug } } }));
  same(members.items.find((member) => member.id === person)?.verification, "known");
  const activity = given(await coordinator.GET("/v1/quarters/{slug}/activity", { params: { path: { slug } } }));
  same(activity.items[0]?.kind, "accepted");
}

async function changeWhatWasRead(): Promise<void> {
  const slugs = given(await stranger.GET("/v1/quarters")).items.map((quarter) => quarter.slug);
  const located = given(await stranger.GET("/v1/quarters/locate", { params: { query: { lat: HOME.lat, lon: HOME.lon } } }));
  check(slugs.includes(located.slug), "the quarter is one of them");
  const tag = (await resident.GET("/v1/me")).response.headers.get("ETag") ?? "";
  same((await resident.GET("/v1/me", { params: { header: { "If-None-Match": tag } } })).response.status, 304);
  const change = { params: { header: { "If-Match": tag } }, body: { home: HOME } };
  same(given(await resident.PATCH("/v1/me", change)).home?.address, HOME.address);
  same(problem(await resident.PATCH("/v1/me", change)).code, "stale");
  same(given(await resident.GET("/v1/me/sessions")).items.filter((session) => session.current).length, 1);
  same((await friend.POST("/v1/auth/sign-out")).response.status, 204);
  same(problem(await friend.GET("/v1/me")).code, "unauthenticated");
}

async function meetRefusals(id: string): Promise<void> {
  const late = problem(await volunteer.POST("/v1/requests/{id}/accept", on(id)));
  same([late.code, late.status], ["already_accepted", 409]);
  same(problem(await resident.GET("/v1/quarters/{slug}/members", { params: { path: { slug: "blumenthal" } } })).code, "forbidden");
  const odd = { category: "skydiving", needed_from: inHours(1), needed_until: inHours(2) } as const;
  // @ts-expect-error - a category that does not exist is found before the call
  const refused = problem(await resident.POST("/v1/requests", { body: odd }));
  same(Object.keys(refused.errors ?? {}), ["category"]);
  // @ts-expect-error - and so is a request without its times
  same(problem(await resident.POST("/v1/requests", { body: { category: "visit" } })).status, 422);
}

function on(id: string) {
  return { params: { path: { id } } };
}

function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString();
}

function given<T>(answer: Answer<T>): T {
  check(answer.data !== undefined, `${answer.response.url}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

function problem(answer: Answer<unknown>): Schemas["Problem"] {
  check(answer.error, `${answer.response.url} should have been refused: ${answer.response.status}`);
  return answer.error as Schemas["Problem"];
}

function same(found: unknown, wanted: unknown): void {
  check(JSON.stringify(found) === JSON.stringify(wanted), `${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

function check(holds: unknown, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
