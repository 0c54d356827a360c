// An assistant's program: connects, says what it learnt, and makes the calls it is given.
// Prints one JSON: {"connected": {…}, "steps": [{"result": …} | {"error": {…}}, …]}, or
// {"refused": {…}} when it is not let in.
//
//   node mcp.mjs '{"urls": [URL, …], "token": TOKEN, "mode": "v1" | "legacy" | "auto" | VERSION,
//                  "headers": {…}, "atOnce": true, "steps": [STEP, …]}'
//
// A step is {"list": true}, {"ping": true} or {"tool": NAME, "arguments": {…}}. Of several
// URLs each request goes to the next one, as by a balancer that knows no sessions.

import * as v2 from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { urls, token, mode = "legacy", headers = {}, atOnce, steps } = JSON.parse(process.argv[2]);

// The version of the library that most assistants are made of.
const isV1 = mode === "v1";
const Client = isV1 ? ClientV1 : v2.Client;
const Transport = isV1 ? TransportV1 : v2.StreamableHTTPClientTransport;

let turn = 0;
let sessions = 0;
const balanced = async (_url, request) => {
  const response = await fetch(urls[turn++ % urls.length], request);
  if (response.headers.has("mcp-session-id")) sessions += 1;
  return response;
};
const transport = new Transport(new URL(urls[0]), {
  fetch: balanced,
  requestInit: { headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers } },
  reconnectionOptions: {
    maxReconnectionDelay: 1,
    initialReconnectionDelay: 1,
    reconnectionDelayGrowFactor: 1,
    maxRetries: 0,
  },
});
const negotiated = ["legacy", "auto"].includes(mode) ? mode : { pin: mode };
const client = new Client(
  { name: "tests", version: "1" },
  isV1 ? {} : { versionNegotiation: { mode: negotiated } },
);

const told = (error) => ({
  name: error.constructor.name,
  code: error.code,
  status: error.status ?? error.data?.status,
  message: error.message,
});

async function step(step) {
  try {
    if (step.list) return { result: await client.listTools() };
    if (step.ping) return { result: await client.ping() };
    const { tool: name, arguments: given } = step;
    return { result: await client.callTool({ name, arguments: given }) };
  } catch (error) {
    return { error: told(error) };
  }
}

async function run() {
  try {
    await client.connect(transport);
  } catch (error) {
    return { refused: told(error) };
  }
  const connected = {
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
    protocol: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion,
  };
  const answers = [];
  if (atOnce) answers.push(...(await Promise.all(steps.map(step))));
  else for (const next of steps) answers.push(await step(next));
  await client.close();
  return { connected, steps: answers, requests: turn, sessions };
}

process.stdout.write(JSON.stringify(await run()));
