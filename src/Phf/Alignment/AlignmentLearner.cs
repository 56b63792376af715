using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Phf.Alignment.Targets;
using Phf.Evaluation.Report;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>A model that is being aligned, with everything that decides how it goes on; a <see cref="Trainer"/> runs it as it runs any other.</summary>
internal sealed class AlignmentLearner : ILearner
{
    private readonly AlignmentPlan _plan;
    private readonly AlignmentContext _context;
    private readonly IAlignmentMethod _method;
    private readonly string _fingerprint;
    private readonly Action<AlignmentReport> _told;
    private readonly Action<string> _warned;
    private double _klSeen; // at the last evaluation
    private bool _hasWarned; // since then: once between two evaluations is enough

    private AlignmentLearner(AlignmentPlan plan, AlignmentContext context, IAlignmentMethod method, string fingerprint, TrainerState? state, Action<AlignmentReport> told,
        Action<string> warned)
    {
        (_plan, _context, _method, _fingerprint, _told, _warned) = (plan, context, method, fingerprint, told, warned);
        (Step, Tokens) = (state?.Step ?? 0, state?.Tokens ?? 0);
    }

    public Gpt2 Model => _context.Policy.Model;

    public long Step { get; private set; }

    public long TotalSteps => _plan.TotalSteps;

    public long Tokens { get; private set; }

    public long SkippedSteps => 0;

    public BestCheckpoint? Best => null;

    public double FlopsPerToken => _plan.Model.TrainingFlopsPerToken(_plan.MaxLength - 1);

    public bool EvaluatesAtStart => true;

    /// <summary>Sets an alignment up: from the prior, whose samples the target is fitted to, or from <paramref name="checkpoint"/>.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or of another prior, or the prior hardly ever writes what is wanted.</exception>
    public static AlignmentLearner Create(AlignmentPlan plan, IBackend backend, string? checkpoint, Action<AlignmentReport> told, Action<string> warned)
    {
        var owned = new List<IDisposable>();
        try
        {
            Gpt2 prior = Own(Gpt2Weights.Load(plan.PriorDirectory, backend)), model = Own(new Gpt2(plan.Model, backend));
            Policy policy = Own(new Policy(model, plan.Section.Training, plan.MaxLength - (plan.LearnsTags ? 0 : 1)));
            string fingerprint = FingerprintOf(prior, plan);
            TrainerState? trained = null;
            AlignmentState? state = null;
            if (checkpoint is null) Gpt2Weights.ReadWithNewTokens(plan.PriorDirectory, model, (ulong)plan.Section.Training.Seed);
            else
            {
                trained = Load(plan, checkpoint, policy);
                state = AlignmentState.Read(checkpoint);
                if (state.PriorFingerprint != fingerprint)
                    throw new InvalidDataException($"{plan.PriorDirectory} is not the prior that {checkpoint} began with: its weights or its tokenizer differ; resume with that prior, or start another run");
                policy.Updates = state.Updates;
            }
            var context = new AlignmentContext(plan, policy, prior, state is null ? FromPrior(plan, prior) : Restored(plan, state));
            double beta = state?.Beta ?? plan.Section.Target.Beta ?? 0;
            IAlignmentMethod method = Own<IAlignmentMethod>(plan.Section.Method.Name switch
            {
                "reinforce" => new PolicyGradient(context, checkpoint, beta),
                "ppo" => new ProximalPolicy(context, beta),
                "quark" => QuantileLearning.Create(context, checkpoint),
                "cringe" => new ContrastiveLearning(context),
                _ when plan.Section.Method.IsOffline => new PreferenceLearning(context),
                _ => DistributionMatching.Create(context, checkpoint),
            });
            return new AlignmentLearner(plan, context, method, fingerprint, trained, told, warned);
        }
        catch
        {
            owned.ForEach(each => each.Dispose());
            throw;
        }

        T Own<T>(T made) where T : IDisposable
        {
            owned.Add(made);
            return made;
        }
    }

    public (double Loss, double Norm, double Rate) UpdateOnce()
    {
        double rate = _plan.Schedule.At(Step);
        MethodStep step = _method.Step(Step + 1, rate);
        Step++;
        Tokens += step.Tokens;
        WarnOfFewTexts();
        return (step.Loss, step.Norm, rate);
    }

    public void AddTo(JsonObject line) => _method.AddTo(line);

    /// <exception cref="InvalidDataException">The model has run away from its prior, further than max_kl.</exception>
    public double? Evaluate(MetricsLog metrics, ITrainingObserver observer)
    {
        Draws draws = _context.Drawer.Draw(Model, _plan.Prompts.Spread(_plan.Section.Sampling.EvaluationSamples), DrawPurpose.Evaluation, Step);
        AlignmentReport report = AlignmentReport.Of(_context, _method, draws, Step);
        metrics.Write(report.ToLine(Tokens));
        _told(report);
        if (report.KlFromPrior > _plan.Section.MaxKl)
            throw new InvalidDataException($"step {Step}: KL(model || prior) is {report.KlFromPrior:F2} nats per text, above max_kl = {_plan.Section.MaxKl} (before: {_klSeen:F2}); "
                + "stopped, and the last checkpoint is as it was. Lower training.learning_rate, raise target.beta, or raise max_kl");
        (_klSeen, _hasWarned) = (report.KlFromPrior, false);
        return null;
    }

    public void Save(string path, double? heldOutLoss)
    {
        IReadOnlyList<double> lambda = _context.Target is DistributionalTarget target ? target.Lambda : [];
        AlignmentState state = _method.Save(new AlignmentState(_fingerprint, _context.Policy.Updates, lambda, _context.Partitions, Beta: _plan.Section.Target.Beta ?? 0, HasProposal: false));
        // The text that the prior was trained on is the model's too.
        var trained = new TrainerState(Step, TotalSteps, Tokens, Cursors: [], _plan.PriorState?.DataFingerprint ?? "", (_plan.PriorState?.TokensBefore + _plan.PriorState?.Tokens) ?? 0);
        Checkpoint.Save(path, Model, _plan.Tokenizer, _context.Policy.FirstMoments, _context.Policy.SecondMoments, trained, AlignmentCard.Text(_plan, Step), folder =>
        {
            _method.SaveFiles(folder);
            state.Write(folder);
        });
    }

    public void Dispose()
    {
        _method.Dispose();
        _context.Policy.Dispose();
        _context.Prior.Dispose();
        Model.Dispose();
    }

    private void WarnOfFewTexts()
    {
        if (_hasWarned || _method.EffectiveTexts is not { } effective || effective >= AlignmentPoint.FewTexts) return;
        _hasWarned = true;
        _warned(string.Create(CultureInfo.InvariantCulture, $"step {Step}: its {_plan.TextsPerStep} texts are worth {effective:F1} under the target, so the gradient is that of a few texts; ")
            + "raise training.effective_batch_size, lower training.learning_rate, or take f-dpg, whose weights are bounded");
    }

    private static FittedTarget FromPrior(AlignmentPlan plan, Gpt2 prior) => plan.Section.Target.Kind == "none"
        ? new FittedTarget(null, [])
        : FittedTarget.Fit(plan, new Drawer(plan).Draw(prior, plan.Prompts.Spread(plan.Section.Sampling.PriorSamples), DrawPurpose.Prior, step: 0));

    private static FittedTarget Restored(AlignmentPlan plan, AlignmentState state) =>
        new(plan.HasTarget ? FittedTarget.Of(plan.Section.Target, state.Lambda) : null, state.Partitions);

    private static TrainerState Load(AlignmentPlan plan, string checkpoint, Policy policy)
    {
        TrainerState state = Checkpoint.ReadState(checkpoint);
        if (state.TotalSteps != plan.TotalSteps)
            throw new InvalidDataException($"{checkpoint} is of a run of {state.TotalSteps} steps, not {plan.TotalSteps}; resume with the run's own training.max_steps");
        return Checkpoint.Load(checkpoint, policy.Model, policy.FirstMoments, policy.SecondMoments);
    }

    private static string FingerprintOf(Gpt2 prior, AlignmentPlan plan)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(plan.Tokenizer.Fingerprint));
        foreach (ParameterShape shape in prior.Parameters.Layout.Shapes) hash.AppendData(MemoryMarshal.AsBytes<float>(prior.Parameters[shape.Name].Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
