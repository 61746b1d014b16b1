// GET /tenant/me and GET /tenant/usage on Node.js, for comparison: without token check and row-level security; with the
// headers of ours, and with a line of the log that says the same and is measured alike.
import { createHash } from "node:crypto";
import { connect } from "./database.js";
import { me } from "./me.js";
import { usage } from "./usage.js";

const ROUTES = { "/tenant/me": me, "/tenant/usage": usage };
const FUNCTION = process.env.AWS_LAMBDA_FUNCTION_NAME;
const METRICS = [
  {
    Namespace: "Baseline",
    Dimensions: [["Route", "StatusClass"], ["FunctionName"]],
    Metrics: [{ Name: "Latency", Unit: "Microseconds" }],
  },
  {
    Namespace: "Baseline",
    Dimensions: [["FunctionName"]],
    Metrics: [
      { Name: "Requests", Unit: "Count" },
      { Name: "ServerErrors", Unit: "Count" },
    ],
  },
];

export async function main(serve) {
  const database = await connect();
  await serve(async (event) => {
    const started = performance.now();
    const { authorizer, requestId } = event.requestContext;
    const route = ROUTES[event.path];
    const tenantId = authorizer?.claims["custom:tenant_id"];
    const found = route && tenantId && (await route(database, tenantId, event.queryStringParameters ?? {}));
    const body = JSON.stringify(found ?? { error: "Not Found" });
    const statusCode = found ? 200 : 404;
    const headers = {
      "Cache-Control": "private, no-cache",
      "Content-Type": "application/json",
      ETag: `"${createHash("sha256").update(body).digest("base64url")}"`,
      Vary: "Authorization, Accept",
      "X-Request-Id": requestId,
    };
    const took = Math.round((performance.now() - started) * 1000);
    console.log(
      JSON.stringify({
        timestamp: new Date().toISOString(),
        level: "INFO",
        message: "request",
        request_id: requestId,
        method: event.httpMethod,
        sub: authorizer?.claims.sub,
        tenant_id: tenantId,
        status: statusCode,
        FunctionName: FUNCTION,
        Route: `${event.httpMethod} ${event.path}`,
        StatusClass: `${Math.floor(statusCode / 100)}xx`,
        Latency: took,
        Requests: 1,
        ServerErrors: 0,
        _aws: { Timestamp: Date.now(), CloudWatchMetrics: METRICS },
      }),
    );
    return { statusCode, headers, body, isBase64Encoded: false };
  });
}
