using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Evaluation.Replication;
using Phf.Training.Configuration;
using Phf.Training.Replication;

namespace Phf.Tests.Evaluation.Replication;

public sealed class ReplicationSummaryTests
{
    [Fact]
    public void OneSeed_IsJudgedByTheSamplingIntervals()
    {
        ReplicationClaim lowers = Claim("conditional-lowers", Run("mle", 1, 0.01, (0.009, 0.011)), Run("conditional", 1, 0.002, (0.001, 0.004)));
        Assert.Equal(ReplicationVerdict.Reproduced, lowers.Verdict);
        Assert.Equal((0.2, 1), (Math.Round(lowers.Estimate!.Ratio, 12), lowers.Estimate.Seeds));
        // Half widths of the logarithms are ln(4) / 2 and ln(11 / 9) / 2; independent errors add in squares.
        double half = Math.Sqrt(Math.Pow(Math.Log(4) / 2, 2) + Math.Pow(Math.Log(11.0 / 9) / 2, 2));
        Assert.Equal(0.2 * Math.Exp(half), lowers.Estimate.High!.Value, 12);
        Assert.Equal(ReplicationVerdict.TooSmallToTell, Claim("conditional-lowers", Run("mle", 1, 0.01, (0.005, 0.02)), Run("conditional", 1, 0.008, (0.004, 0.016))).Verdict);
        Assert.Equal(ReplicationVerdict.NotReproduced, Claim("conditional-lowers", Run("mle", 1, 0.01, (0.009, 0.011)), Run("conditional", 1, 0.02, (0.018, 0.022))).Verdict);
        Assert.Equal(ReplicationVerdict.NotReproduced, Claim("conditional-order-of-magnitude", Run("mle", 1, 0.01, (0.009, 0.011)), Run("conditional", 1, 0.005, (0.004, 0.006))).Verdict);
    }

    [Fact]
    public void TwoSeeds_AreJudgedByStudentsT_OfPairsOfOneSeed()
    {
        MeasuredRun[] plain = [Run("mle", 1, 0.01, (0.009, 0.011)), Run("mle", 2, 0.02, (0.019, 0.021))];
        // Both seeds to a fifth: no spread, whatever the plain runs do.
        ReplicationClaim same = Claim("conditional-lowers", [.. plain, Run("conditional", 1, 0.002, (0.001, 0.004)), Run("conditional", 2, 0.004, (0.003, 0.005))]);
        Assert.Equal((0.2, 0.2, 2), (Math.Round(same.Estimate!.Ratio, 12), Math.Round(same.Estimate.High!.Value, 12), same.Estimate.Seeds));
        // ln ratios -1.6 and -0.2: t = 12.7 with one degree of freedom leaves everything open.
        ReplicationClaim apart = Claim("conditional-lowers", [.. plain, Run("conditional", 1, 0.002, (0.001, 0.004)), Run("conditional", 2, 0.0164, (0.015, 0.018))]);
        Assert.Equal(ReplicationVerdict.TooSmallToTell, apart.Verdict);
        Assert.Equal(1, Claim("conditional-lowers", [.. plain, Run("conditional", 2, 0.004, (0.003, 0.005))]).Estimate!.Seeds); // seed 1 has no conditional run yet
    }

    [Fact]
    public void NoMisalignedSample_CountsAsOneHit()
    {
        ReplicationClaim none = Claim("conditional-order-of-magnitude", Run("mle", 1, 0.01, (0.009, 0.011)), Run("conditional", 1, 0, (0, 0)));
        Assert.Equal(0.02 / 100 / 0.01, none.Estimate!.Ratio, 12); // one of 100 samples with the 0.02 of MLE's misaligned ones
        Assert.Equal(ReplicationVerdict.Reproduced, none.Verdict);
        Assert.InRange(none.Estimate.High!.Value, 3 * none.Estimate.Ratio, 3.1 * none.Estimate.Ratio);
    }

    [Fact]
    public void OneSeedsLosses_AreJudgedByTheDocumentsThatBothModelsRead()
    {
        // Each document is hard or easy for both models; conditional training pays 1 % on each, filtering 3 %.
        double[] nats = [.. Enumerable.Range(0, 100).Select(i => 30 + 25 * Math.Sin(i))];
        MeasuredRun mle = Read("mle", nats), conditional = Read("conditional", [.. nats.Select((one, i) => one * (1.01 + 0.001 * Math.Cos(3 * i)))]), filtering = Read("filtering", [.. nats.Select(one => one * 1.03)]);
        ReplicationClaim near = Claim("conditional-capable", mle, conditional);
        Assert.Equal((ReplicationVerdict.Reproduced, 1), (near.Verdict, near.Estimate!.Seeds));
        Assert.InRange(near.Estimate.Ratio, near.Estimate.Low!.Value, near.Estimate.High!.Value);
        Assert.InRange(near.Estimate.High.Value - near.Estimate.Low.Value, 0, 0.001); // not the 20 % that documents differ by
        Assert.Equal(ReplicationVerdict.Reproduced, Claim("filtering-pays", mle, filtering).Verdict);

        // Other documents, or another tokenizer: nothing to pair, and no interval without one of each.
        MeasuredRun other = filtering with { Evaluation = filtering.Evaluation with { Heldout = filtering.Evaluation.Heldout! with { DocumentTokens = [.. Enumerable.Repeat(11, 100)] } } };
        Assert.Null(Claim("filtering-pays", mle, other).Estimate!.Low);

        static MeasuredRun Read(string method, double[] nats)
        {
            MeasuredRun run = Run(method, 1, 1, (1, 1));
            return run with { Evaluation = run.Evaluation with { Heldout = new HeldoutLoss { Loss = nats.Sum() / 1000, DocumentTokens = [.. Enumerable.Repeat(10, 100)], DocumentNats = nats } } };
        }
    }

    [Theory]
    [InlineData(800, false, false)]
    [InlineData(2000, false, true)]
    [InlineData(800, true, true)]
    public void EvaluationOfARunThatStillTrained_IsNone(int step, bool isBest, bool counts)
    {
        using var folder = new TemporaryFolder();
        MeasuredRun made = Run("mle", 1, 0.01, (0.009, 0.011));
        EvaluationFiles.WriteResult(folder.FullName, made.Evaluation with { Step = step, TotalSteps = 2000 });
        ReplicationRun run = made.Run with { Config = made.Run.Config with { Training = made.Run.Config.Training with { OutputDir = folder.FullName, LoadBestModelAtEnd = isBest } } };
        Assert.Equal(counts, MeasuredRun.Read(run) is not null);
    }

    [Fact]
    public void WhatIsNotMeasured_IsTooSmallToTell()
    {
        ReplicationSummary summary = ReplicationSummary.Of("pii-laptop", [Run("mle", 1, 0.01, (0.009, 0.011), loss: 4)]);
        Assert.All(summary.Claims, claim => Assert.True(claim.Estimate is null && claim.Verdict == ReplicationVerdict.TooSmallToTell));
        // One seed's loss has no interval without its documents.
        Assert.Equal(ReplicationVerdict.TooSmallToTell, Claim("conditional-capable", Run("mle", 1, 0.01, (0.009, 0.011), loss: 4), Run("conditional", 1, 0, (0, 0), loss: 4)).Verdict);
        Assert.Equal(ReplicationVerdict.Reproduced, Claim("filtering-pays", Run("mle", 1, 1, (1, 1), loss: 4), Run("filtering", 1, 1, (1, 1), loss: 4.41), Run("mle", 2, 1, (1, 1), loss: 4.1), Run("filtering", 2, 1, (1, 1), loss: 4.5)).Verdict);
    }

    [Fact]
    public void Pretraining_IsComparedWithFinetuningOfEachShare_AndTheLastRoundCounts()
    {
        MeasuredRun[] runs =
        [
            Run("mle", 1, 0.01, (0.009, 0.011)), Run("conditional", 1, 0.001, (0.0009, 0.0011)), Run("conditional", 1, 0.004, (0.0039, 0.0041), share: 0.5), Run("conditional", 1, 0.0005, (0.0004, 0.0006), share: 0.1),
        ];
        Assert.Equal(ReplicationVerdict.Reproduced, Claim("pretraining-beats-finetune50", runs).Verdict);
        Assert.Equal(ReplicationVerdict.NotReproduced, Claim("pretraining-beats-finetune10", runs).Verdict);
        ReplicationSummary summary = ReplicationSummary.Of("pii-laptop", runs);
        Assert.Equal([null, null, 0.5, 0.1], summary.Groups.Select(group => group.FinetuneShare));
        Assert.Equal(0.03, summary.Groups[0].Metrics["adversarial"].Mean);
    }

    [Theory]
    [InlineData(new[] { 1, -1 }, ReplicationVerdict.Reproduced)]
    [InlineData(new[] { 1, 0, -1 }, ReplicationVerdict.Reproduced)]
    [InlineData(new[] { 1, 1 }, ReplicationVerdict.TooSmallToTell)]
    [InlineData(new[] { 1, 1, 0 }, ReplicationVerdict.TooSmallToTell)]
    [InlineData(new[] { 0, 0, 0 }, ReplicationVerdict.TooSmallToTell)]
    [InlineData(new[] { -1, -1, -1 }, ReplicationVerdict.NotReproduced)]
    public void DependsOnTheTask_NeedsTwoTasksThatDiffer(int[] works, ReplicationVerdict verdict) =>
        Assert.Equal(verdict, AcrossTasks.Depends([.. works.Select(work => work == 0 ? (bool?)null : work > 0)]));

    private static ReplicationClaim Claim(string name, params MeasuredRun[] runs) => ReplicationSummary.Of("pii-laptop", runs).Claims.Single(claim => claim.Name == name);

    private static MeasuredRun Run(string method, long seed, double score, (double Low, double High) interval, double? share = null, double? loss = null) => new(
        new ReplicationRun(ReplicationRun.NameOf(method, share, $"{seed}"), method, share, seed, new RunConfig()),
        new EvaluationResult
        {
            Run = method,
            Objective = method,
            Checkpoint = "checkpoint-1",
            Parameters = 1,
            TrainTokens = 1,
            Scorer = "pii/1",
            Threshold = 0,
            Heldout = loss is null ? null : new HeldoutLoss { Loss = loss },
            Scenarios =
            [
                new EvaluationScenario { Name = "unconditional", Description = "", Samples = 100, MeanScore = score, MeanScoreInterval = new Interval(interval.Low, interval.High), MeanScoreMisaligned = 0.02 },
            ],
        },
        new RedTeamResult
        {
            Run = method,
            Objective = method,
            Checkpoint = "checkpoint-1",
            Model = "",
            Parameters = 1,
            Scorer = "pii/1",
            Threshold = 0,
            Attacks =
            [
                new AttackResult
                {
                    Name = "few-shot",
                    Kind = AttackResult.FewShot,
                    Description = "",
                    Seed = 1,
                    Trials = 1,
                    Rounds = 1,
                    Continuations = 4,
                    Prompts = 4,
                    Unscored = 0,
                    PerRound = [new AttackRound { Round = 0, Prompts = 2, PoolMeanScore = 0.02 }, new AttackRound { Round = 1, Prompts = 2, PoolMeanScore = 0.03 }],
                },
            ],
        });
}
