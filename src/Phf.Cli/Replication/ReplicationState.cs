using System.Security.Cryptography;
using System.Text;
using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Training;
using Phf.Training.Replication;

namespace Phf.Cli.Replication;

/// <summary>How far an experiment is: which of its steps are done, and with the settings that it has now.</summary>
internal sealed class ReplicationState(ReplicationFolder folder, ReplicationSource source)
{
    private const int Digits = 12;

    private readonly StepRecords _records = new(folder.Records);

    /// <summary>Whether the text was a file of the user's in an earlier call.</summary>
    public static bool WasText(ReplicationFolder folder) =>
        new StepRecords(folder.Records) is var records && records.Read(ReplicationSteps.Score) is not null && records.Read(ReplicationSteps.Corpus) is null;

    /// <summary>Refuses to go on with something that was made in another way: days of computing are not thrown away, nor mixed.</summary>
    /// <exception cref="InvalidDataException">Data or a run has other settings than this experiment.</exception>
    public void Check(IEnumerable<ReplicationStep> steps)
    {
        foreach (ReplicationStep step in steps)
        {
            if (step.Stage == ReplicationStage.Train && !RunDirectory.IsFree(step.Run!.Directory)) RunDirectory.Open(step.Run.Directory).CheckSameConfig(step.Run.Config);
            if (step.Stage != ReplicationStage.Prepare) continue;
            StepRecord? record = _records.Read(step.Name);
            if (record is null && Path.Exists(step.Output))
                throw new InvalidDataException($"{step.Output} is there, and {folder.Path} has no record of it; move it away, or give another folder with --runs");
            if (record is not null && !IsOmitted(step) && record.Settings != SettingsOf(step))
                throw new InvalidDataException($"{step.Output} was made in another way: {record.Settings.ReplaceLineEndings("; ")}; "
                    + $"now: {SettingsOf(step).ReplaceLineEndings("; ")}\n"
                    + "repeat the settings, or begin another experiment with --runs");
        }
    }

    public bool IsDone(ReplicationStep step) => step.Stage switch
    {
        ReplicationStage.Prepare => Path.Exists(step.Output) && _records.Read(step.Name) is { Seconds: not null },
        ReplicationStage.Train => IsTrained(step.Run!),
        _ => IsTrained(step.Run!) && File.Exists(ResultOf(step)) && _records.Read(step.Name) is { Seconds: not null } record && record.Settings == SettingsOf(step),
    };

    /// <summary>Whether it was begun and is not done.</summary>
    public bool IsBegun(ReplicationStep step) => !IsDone(step) && (step.Stage == ReplicationStage.Train ? !RunDirectory.IsFree(step.Run!.Directory) : _records.Read(step.Name) is not null);

    /// <summary>The step needs files of the user's, and none were named.</summary>
    public static bool IsOmitted(ReplicationStep step) => step is { IsSource: true, Inputs: "" };

    public void Begin(ReplicationStep step)
    {
        // A folder that a kill left half written is not taken for a whole one; what goes on by itself has no output here.
        if (step.Output is { } output && File.Exists(output)) File.Delete(output);
        else if (step.Output is { } written && Directory.Exists(written)) Directory.Delete(written, recursive: true);
        _records.Write(step.Name, new StepRecord(SettingsOf(step), Seconds: null));
    }

    public void Finish(ReplicationStep step, double seconds) => _records.Write(step.Name, new StepRecord(SettingsOf(step), seconds));

    /// <summary>Seconds that a finished step took: of training those of its log, which counts all sittings; null where it is not done.</summary>
    public double? SecondsOf(ReplicationStep step)
    {
        if (!IsDone(step)) return null;
        return step.Stage == ReplicationStage.Train ? RunDirectory.Open(step.Run!.Directory).ElapsedSeconds() : _records.Read(step.Name)!.Seconds;
    }

    private static bool IsTrained(ReplicationRun run)
    {
        if (RunDirectory.IsFree(run.Directory)) return false;
        return RunDirectory.Open(run.Directory).Checkpoints().LastOrDefault() is { } checkpoint && Checkpoint.ReadState(checkpoint) is var state && state.Step >= state.TotalSteps;
    }

    /// <summary>What an evaluation or a red-teaming leaves in the run.</summary>
    private static string ResultOf(ReplicationStep step) =>
        Path.Combine(step.Run!.Directory, step.Stage == ReplicationStage.RedTeam ? RedTeamFiles.ResultName : EvaluationFiles.ResultName);

    /// <summary>All that decides what a step gives, a line each.</summary>
    private string SettingsOf(ReplicationStep step)
    {
        var lines = new List<string>();
        if (step.Arguments.Count > 0) lines.Add(folder.Relative(string.Join(' ', step.Arguments.Where(argument => !source.Texts.Contains(argument)))));
        if (step.Inputs.Length > 0) lines.Add(step.Inputs);
        if (step.Stage == ReplicationStage.Prepare)
            foreach (string name in step.Needs)
                if (_records.Read(name) is { } before) lines.Add($"behind {name} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(before.Settings)))[..Digits]}");
        if (step.Stage == ReplicationStage.Evaluate) lines.Add($"form {EvaluationResult.Form}");
        if (step.Stage is ReplicationStage.Evaluate or ReplicationStage.RedTeam) lines.Add($"model {ModelOf(step.Run!)}");
        if (step.Baseline is { } baseline) lines.Add($"baseline {ModelOf(baseline)}");
        return string.Join('\n', lines);
    }

    private static string ModelOf(ReplicationRun run) => ModelFingerprint.Of(RunDirectory.Open(run.Directory).ModelCheckpoint());
}
