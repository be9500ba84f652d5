// @ts-check
// Markers of deployments that the stream reports; the same as those that the server renders.

import { param, withQuery } from "../../lib/address.js";

/** @param {import("./data.js").Deployment} deployment @param {import("../../lib/words.js").Words} words @returns {import("./data.js").Marker} */
export function marker({ id, service, namespace, environment, version, label, at_ms }, words) {
  const env = param("environment") || environment;
  return {
    at_ms,
    label: version || label || words.say("deploy-unnamed"),
    href: withQuery(`/services/${segment(service)}/deployments/${segment(id)}`, { environment: env, namespace, from: param("from"), to: param("to") }),
  };
}

/** @param {string} name */
function segment(name) {
  return name === "." || name === ".." ? name.replaceAll(".", "%2E") : encodeURIComponent(name);
}
