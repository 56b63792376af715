using System.Text.Json.Nodes;
using Phf.Evaluation;
using Phf.Generation;
using Phf.Model;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>Writes a few samples of every scenario to samples.jsonl while a run trains: something to read, not to measure.</summary>
internal static class TrainingSamples
{
    private const int SamplesPerScenario = 4;

    /// <summary>What the trainer calls after a step; null when the configuration has no scenario.</summary>
    public static Action<Gpt2, long>? Writer(RunPlan plan, RunDirectory run)
    {
        IReadOnlyList<SamplingScenario> scenarios = SamplingScenario.WithoutPrompts(plan);
        foreach (ScenarioConfig left in plan.Config.Generation.ScenarioConfigs.Where(scenario => scenario.PromptsPath is not null))
            Console.Error.WriteLine($"note: scenario '{left.Name}' is not sampled while training: its prompts_path is left to evaluation");
        if (scenarios.Count == 0) return null;
        return (model, step) =>
        {
            var sampler = new Sampler(model, plan.Tokenizer.EndOfTextId);
            using StreamWriter file = File.AppendText(run.SamplesPath);
            foreach (SamplingScenario scenario in scenarios)
            {
                int[][] written = sampler.Generate(scenario.StartsOf(SamplesPerScenario), scenario.Options, (ulong)plan.Config.Training.Seed + (ulong)step);
                for (int i = 0; i < written.Length; i++)
                    file.Write(new JsonObject
                    {
                        ["step"] = step,
                        ["scenario"] = scenario.Name,
                        ["index"] = i,
                        ["text"] = plan.Tags.Decode(written[i]),
                    }.ToJsonString() + "\n");
            }
        };
    }
}
