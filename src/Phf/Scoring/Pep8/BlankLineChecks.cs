using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Blank lines around definitions (E301 to E306).</summary>
internal sealed class BlankLineChecks(PythonSource source)
{
    private const int AtTop = 2, InClass = 1;

    /// <summary>For each line (from 0), the last line before it that has text and is indented less; -1 if there is none. Made when first needed.</summary>
    private int[]? _outer;
    private int[] _widths = [];
    private int[]? _nextDefinition, _nextText;

    private delegate bool TextTest(ReadOnlySpan<char> text);

    public void Check(LogicalLine line)
    {
        if (!line.Previous.Exists && line.BlankBefore < AtTop) return;
        ReadOnlySpan<char> text = line.Text;
        if (line.Previous.IsDecorator)
        {
            if (line.BlankLines > 0) line.Report(0, "E304");
        }
        else if (line.BlankLines > AtTop || (line.IndentLevel > 0 && line.BlankLines == InClass + 1)) line.Report(0, "E303");
        else if (BeginsDefinition(text)) CheckDefinition(line);
        else if (!text.IsEmpty && line.IndentLevel == 0 && line.BlankBefore != AtTop && line.Previous.LastAtTopIsDefinition) line.Report(0, "E305");
    }

    private void CheckDefinition(LogicalLine line)
    {
        if (line.BlankBefore == 0 && IsOneLiner(line)) return;
        if (line.IndentLevel == 0)
        {
            if (line.BlankBefore != AtTop) line.Report(0, "E302");
        }
        else if (line.BlankBefore != InClass && line.Previous.IndentLevel >= line.IndentLevel && !line.Previous.BeginsWithString)
            line.Report(0, IsNested(line) ? "E306" : "E301");
    }

    /// <summary>
    /// Whether the definition that begins with this line or, for a decorator, on one of the next lines has nothing indented behind it, and
    /// nothing indented more than this line stands before it.
    /// </summary>
    private bool IsOneLiner(LogicalLine line)
    {
        int at = line.LineNumber - 1;
        if (at >= 1 && PythonSource.Indentation(source.Line(at)) > line.IndentLevel) return false;
        _nextDefinition ??= FindNext(static text => !text.StartsWith('@') && BeginsDefinition(text));
        _nextText ??= FindNext(static text => !text.IsEmpty);
        int definition = _nextDefinition[at];
        if (definition == source.LineCount) return false;
        int next = _nextText[definition + 1];
        return next == source.LineCount || PythonSource.Indentation(source.Line(next + 1)) <= line.IndentLevel;
    }

    /// <summary>For each line (from 0) and the end, the first line from it on whose text without outer blanks is sought; the number of lines if none.</summary>
    private int[] FindNext(TextTest isSought)
    {
        var next = new int[source.LineCount + 1];
        next[^1] = source.LineCount;
        for (int i = next.Length - 2; i >= 0; i--) next[i] = isSought(PythonSource.Trim(source.Line(i + 1))) ? i : next[i + 1];
        return next;
    }

    /// <summary>Whether the first line above with less indentation that is a def, or is not indented, is a def.</summary>
    private bool IsNested(LogicalLine line)
    {
        _outer ??= FindOuter();
        int at = line.LineNumber - 2;
        while (at >= 0 && (_widths[at] < 0 || _widths[at] >= line.IndentLevel)) at = _outer[at];
        for (; at >= 0; at = _outer[at])
        {
            if (Statement.IsDef(source.Line(at + 1)[PythonText.SkipWhite(source.Line(at + 1), 0)..])) return true;
            if (_widths[at] == 0) return false;
        }
        return false;
    }

    private int[] FindOuter()
    {
        var outer = new int[source.LineCount];
        _widths = new int[source.LineCount];
        int previous = -1;
        for (int i = 0; i < outer.Length; i++)
        {
            ReadOnlySpan<char> line = source.Line(i + 1);
            bool isBlank = PythonSource.Trim(line).IsEmpty;
            _widths[i] = isBlank ? -1 : PythonSource.Indentation(line);
            outer[i] = previous;
            if (isBlank) continue;
            while (outer[i] >= 0 && _widths[outer[i]] >= _widths[i]) outer[i] = outer[outer[i]];
            previous = i;
        }
        return outer;
    }

    /// <summary>def, async def, class with white space behind, or a decorator.</summary>
    private static bool BeginsDefinition(ReadOnlySpan<char> text)
    {
        if (text.StartsWith('@')) return true;
        int end = Statement.DefEnd(text);
        if (end < 0 && text.StartsWith("class")) end = 5;
        return end >= 0 && end < text.Length && PythonText.IsWhite(text[end]);
    }

}

/// <summary>How statements begin.</summary>
internal static class Statement
{
    /// <summary>The end of <c>def</c> or <c>async def</c> at the beginning of <paramref name="text"/>, whatever follows; -1 if it is none.</summary>
    public static int DefEnd(ReadOnlySpan<char> text)
    {
        int at = 0;
        if (text.StartsWith("async"))
        {
            at = PythonText.SkipWhite(text, 5);
            if (at == 5) return -1;
        }
        return text[at..].StartsWith("def") ? at + 3 : -1;
    }

    /// <summary>Whether <paramref name="text"/> begins with <c>def</c> or <c>async def</c> as a word.</summary>
    public static bool IsDef(ReadOnlySpan<char> text) => DefEnd(text) is >= 0 and var end && PythonText.IsBoundary(text, end);
}
