using Phf.Training.Configuration;

namespace Phf.Training.Sweep;

/// <summary>One value of the grid, as it was written.</summary>
public sealed record SweepSetting(string Key, string Value);

/// <summary>One run of a sweep.</summary>
/// <param name="Name">The name of its folder, unique in the sweep.</param>
/// <param name="Method">The name of the method's file.</param>
/// <param name="Point">Its values of the grid, in the grid's order; runs of one method and point differ in the seed alone.</param>
/// <param name="Seed">training.seed.</param>
/// <param name="Config">The whole configuration, with the run's folder.</param>
public sealed record SweepRun(string Name, string Method, IReadOnlyList<SweepSetting> Point, long Seed, RunConfig Config)
{
    public string Directory => Config.Training.OutputDir!;
}
