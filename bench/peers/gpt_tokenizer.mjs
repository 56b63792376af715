// Megabytes of UTF-8 per second that npm's gpt-tokenizer encodes with GPT-2's vocabulary: node gpt_tokenizer.mjs texts.jsonl.gz
// Beside it: dotnet run -c Release --project bench/Phf.Benchmarks -- tokenizer DIR texts.jsonl.gz. Both print the number of tokens: ours is Hugging Face's, gpt-tokenizer's was one less on the 93,911 posts.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { encode } from "gpt-tokenizer/encoding/r50k_base";

const file = process.argv[2];
const data = file.endsWith(".gz") ? gunzipSync(readFileSync(file)) : readFileSync(file);
const texts = data.toString("utf8").split("\n").filter((line) => line.length > 0).map((line) => JSON.parse(line).text);
const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
let best = Infinity;
let tokens = 0;
for (let run = 0; run < 2; run++) {
  const start = performance.now();
  tokens = 0;
  for (const text of texts) tokens += encode(text).length;
  best = Math.min(best, (performance.now() - start) / 1000);
}
console.log(`${texts.length} texts, ${(bytes / 1e6).toFixed(1)} MB, ${tokens} tokens: ${(bytes / best / 1e6).toFixed(2)} MB/s`);
