// GET /tenant/me and GET /tenant/usage on Node.js, for comparison: no token check, no row-level security, no log.
import { connect } from "./database.js";
import { me } from "./me.js";
import { usage } from "./usage.js";

const ROUTES = { "/tenant/me": me, "/tenant/usage": usage };

export async function main(serve) {
  const database = await connect();
  await serve(async (event) => {
    const route = ROUTES[event.path];
    const tenantId = event.requestContext.authorizer?.claims["custom:tenant_id"];
    const body = route && tenantId && (await route(database, tenantId, event.queryStringParameters ?? {}));
    return {
      statusCode: body ? 200 : 404,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? { error: "Not Found" }),
      isBase64Encoded: false,
    };
  });
}
