using Phf.Training.Configuration;

namespace Phf.Training.Replication;

/// <summary>Works the runs of an experiment out one by one, and collects their problems.</summary>
internal sealed class ReplicationBuilder
{
    private const string Pretraining = "pretrain", Finetuning = "finetune";
    private readonly ReplicationSection _settings;
    private readonly string _task, _data, _folder;
    private readonly List<string> _problems;
    private readonly IReadOnlyList<string> _sizeFiles = [];
    private readonly IReadOnlyList<Func<Override>> _fixed;
    private readonly List<ReplicationRun> _runs = [];

    public ReplicationBuilder(ReplicationSection settings, string task, string data, string folder, List<string> problems)
    {
        (_settings, _task, _data, _folder, _problems) = (settings, task, data, folder, problems);
        _fixed = [.. (settings.Overrides?.Written.Entries ?? new Dictionary<string, ConfigEntry>())
            .Select(entry => (Func<Override>)(() => Override.At(entry.Key, entry.Value.Value)))];
        try
        {
            _sizeFiles = ConfigSize.FilesOf(FileOf(Pretraining), settings.Size);
        }
        catch (InvalidDataException problem)
        {
            problems.Add(problem.Message);
        }
    }

    public IReadOnlyList<ReplicationRun> Runs => _runs;

    public void AddAll()
    {
        foreach (long seed in _settings.Seeds)
        {
            foreach (string method in _settings.Methods) Add(method, share: null, seed, start: null);
            if (_problems.Count > 0) return; // finetuning stands on them
            RunConfig plain = _runs.Last(run => run.IsBaseline).Config;
            foreach (double share in _settings.FinetuneShares)
            {
                if (StartOf(plain, share) is not { } start) return;
                foreach (string method in _settings.Methods.Where(method => method != ReplicationRun.Baseline)) Add(method, share, seed, start);
            }
        }
    }

    private string FileOf(string name) => Path.Combine(_task, $"{name}.yml");

    private void Add(string method, double? share, long seed, string? start)
    {
        string[] files = [FileOf(share is null ? Pretraining : Finetuning), FileOf(method), .. _sizeFiles];
        Func<Override>[] model = start is null ? [] : [() => Override.At("model.path_or_name", new ScalarNode(new Place("start of finetuning", 0), start, IsQuoted: true))];
        if (ConfigLoader.Load(files, [.. _fixed, .. model], _problems)?.Config is not { } config) return;
        string name = ReplicationRun.NameOf(method, share, $"{seed}");
        _runs.Add(new ReplicationRun(name, method, share, seed, config with
        {
            Dataset = config.Dataset with { Data = _data },
            Training = config.Training with { Seed = seed, OutputDir = Path.Combine(_folder, name) },
        }));
    }

    /// <summary>The checkpoint of the plain run with which finetuning on a share of its tokens begins; null after adding a problem.</summary>
    private string? StartOf(RunConfig plain, double share)
    {
        TrainingSection training = plain.Training;
        if ((training.SequenceLength ?? plain.Model.Gpt2ConfigKwargs.NPositions) is not { } length)
        {
            _problems.Add($"{FileOf(ReplicationRun.Baseline)}: neither training.sequence_length nor model.gpt2_config_kwargs.n_positions is set, so the steps of a run are not known; set one");
            return null;
        }
        long steps = training.TotalSteps(length), start = steps - (long)Math.Round(share * steps);
        string where = $"finetuning on a share of {share} begins at step {start} of {steps} of the MLE run";
        if (training.SaveEvery == 0 || start % training.SaveEvery != 0 || start == 0)
            _problems.Add($"{where}, and training.save_steps = {training.SaveEvery} keeps no checkpoint there; choose them so that it does");
        else if (training.SaveTotalLimit is not null)
            _problems.Add($"{where}, and training.save_total_limit = {training.SaveTotalLimit} deletes its checkpoints; set it to null for mle");
        return Path.Combine(training.OutputDir!, $"{Checkpoint.Prefix}{start:D8}");
    }
}
