namespace Phf.Scoring.Pep8;

/// <summary>Indentation of statements (E111, E112, E113, E117) and of comments on their own lines (E114, E115, E116, E117).</summary>
internal static class IndentationChecks
{
    public static void Check(LogicalLine line)
    {
        bool isComment = !line.HasText;
        int level = line.IndentLevel, previous = line.Previous.IndentLevel;
        if (level % line.Options.IndentSize != 0) line.Report(0, isComment ? "E114" : "E111");
        if (!line.Previous.OpensBlock)
        {
            if (level > previous) line.Report(0, isComment ? "E116" : "E113");
            return;
        }
        if (level <= previous) line.Report(0, isComment ? "E115" : "E112");
        if (level > previous + (line.IndentCharacter == '\t' ? 8 : 4)) line.Report(0, "E117");
    }
}
