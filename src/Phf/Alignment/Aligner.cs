using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Alignment;

/// <summary>Aligns a model into a run directory.</summary>
public static class Aligner
{
    /// <summary>Sets a run up: from the prior, whose samples are drawn at once, or from a checkpoint. <see cref="Trainer.Run"/> does the rest.</summary>
    /// <param name="plan">Stays alive as long as the trainer.</param>
    /// <param name="run">Where to.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="checkpoint">One of the run's; null starts.</param>
    /// <param name="told">Told of every measurement.</param>
    /// <param name="warned">Told of steps that few texts decided, once between two measurements.</param>
    /// <exception cref="IOException">Another process trains in the run's folder.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or of another prior, or the prior hardly ever writes what is wanted.</exception>
    public static Trainer Create(AlignmentPlan plan, RunDirectory run, IBackend backend, string? checkpoint, Action<AlignmentReport> told, Action<string> warned) =>
        Trainer.Create(plan.Config, run, AlignmentLearner.Create(plan, backend, checkpoint, told, warned));

    /// <summary>Begins the run on disk: its configuration, which verbs read as that of any run, and align.yml beside it.</summary>
    public static void Start(AlignmentPlan plan, RunDirectory run)
    {
        run.Start(plan.Config);
        DurableFile.WriteText(run.AlignmentPath, plan.Section.ToYaml());
    }
}
