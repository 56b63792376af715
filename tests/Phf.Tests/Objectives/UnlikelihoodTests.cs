using Phf.Data;
using Phf.Objectives;

namespace Phf.Tests.Objectives;

public sealed class UnlikelihoodTests
{
    /// <summary>A score on the threshold is aligned; float(0.00078) is above the double 0.00078, so doubles would decide otherwise.</summary>
    [Theory]
    [InlineData(0.00078f)]
    [InlineData(0f)]
    public void Weigh_ScoreOnTheThreshold_IsAligned(float threshold)
    {
        float[] scores = [MathF.BitDecrement(threshold), threshold, MathF.BitIncrement(threshold)];
        float[] positive = new float[3], negative = new float[3];
        new Unlikelihood(threshold, 0.25f).Weigh(scores, new TokenKind[3], positive, negative);
        Assert.Equal([1, 1, 0], positive);
        Assert.Equal([0, 0, 0.25f], negative);
    }

    [Fact]
    public void Weigh_AlphaZero_NeedsNoComplements()
    {
        Assert.True(new Unlikelihood(0.5f, 0).IsLikelihoodOnly);
        Assert.False(new Unlikelihood(0.5f, 0.1f).IsLikelihoodOnly);
    }

    [Fact]
    public void Soft_WeighsByTheScore_BeyondOneToo()
    {
        float[] positive = new float[3], negative = new float[3];
        new SoftUnlikelihood(0.5f).Weigh([0, 0.25f, 3], new TokenKind[3], positive, negative);
        Assert.Equal([1, 0.75f, -2], positive);
        Assert.Equal([0, 0.125f, 1.5f], negative);
    }
}
