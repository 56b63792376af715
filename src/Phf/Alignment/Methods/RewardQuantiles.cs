namespace Phf.Alignment.Methods;

/// <summary>Groups of texts by their rewards, as Quark has them (Lu et al. 2022, arXiv 2205.13635, section 2).</summary>
public static class RewardQuantiles
{
    /// <summary>For each reward its group, 0 for the best: about equally many in each, and equal rewards in one group, the better of those they could be in.</summary>
    public static int[] Of(ReadOnlySpan<double> rewards, int groups)
    {
        double[] sorted = [.. rewards];
        Array.Sort(sorted, (one, other) => other.CompareTo(one)); // best first
        // What a reward must reach to be in a group: the reward of the last text that the group has room for.
        double[] least = [.. Enumerable.Range(1, groups - 1).Select(group => sorted[Math.Max(0, (int)((long)sorted.Length * group / groups) - 1)])];
        int[] found = new int[rewards.Length];
        for (int i = 0; i < found.Length; i++)
            while (found[i] < least.Length && rewards[i] < least[found[i]]) found[i]++;
        return found;
    }
}
