// Reads a JSON list of CSAF documents from standard input; prints for each what the OASIS suite's tests find wrong.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(`${process.argv[2]}/`)
const part = (name) =>
  import(pathToFileURL(require.resolve(`@secvisogram/csaf-validator-lib/${name}.js`)).href)
const [validate, schema, mandatory, optional] = await Promise.all(
  ['validateStrict', 'schemaTests', 'mandatoryTests', 'optionalTests'].map(part),
)
let text = ''
for await (const chunk of process.stdin) text += chunk
const tests = [schema.csaf_2_0_strict, ...Object.values(mandatory), ...Object.values(optional)]
const found = []
for (const document of JSON.parse(text)) {
  const result = await validate.default(tests, document)
  const said = result.tests.flatMap((one) =>
    [...one.errors, ...one.warnings].map((word) => [one.name, word.instancePath, word.message ?? '']),
  )
  found.push({ valid: result.isValid, said })
}
console.log(JSON.stringify(found))
