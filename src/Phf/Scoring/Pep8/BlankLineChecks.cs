using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Blank lines around definitions (E301 to E306).</summary>
internal sealed class BlankLineChecks(PythonSource source)
{
    private const int AtTop = 2, InClass = 1;

    /// <summary>For each line (from 0) that was looked at, the last line before it that has text and is indented less; -1 if there is none.</summary>
    private int[] _outer = [];
    private int[] _widths = [];           // of indentation; -1 for a blank line
    private int _known, _lastKnown;       // lines looked at; the last one of them that has text
    private NextLine _nextDefinition, _nextText;

    /// <summary>Begins with a new text.</summary>
    public void Start()
    {
        (_known, _lastKnown) = (0, -1);
        _nextDefinition = _nextText = default;
    }

    public void Check(LogicalLine line)
    {
        if (!line.Previous.Exists && line.BlankBefore < AtTop) return;
        if (line.Previous.IsDecorator)
        {
            if (line.BlankLines > 0) line.Report(0, "E304");
        }
        else if (line.BlankLines > AtTop || (line.IndentLevel > 0 && line.BlankLines == InClass + 1)) line.Report(0, "E303");
        else if (BeginsDefinition(line)) CheckDefinition(line);
        else if (line.HasText && line.IndentLevel == 0 && line.BlankBefore != AtTop && line.Previous.LastAtTopIsDefinition) line.Report(0, "E305");
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
        int definition = _nextDefinition.From(at, source, static text => !text.StartsWith('@') && BeginsDefinition(text));
        if (definition == source.LineCount) return false;
        int next = _nextText.From(definition + 1, source, static text => !text.IsEmpty);
        return next == source.LineCount || PythonSource.Indentation(source.Line(next + 1)) <= line.IndentLevel;
    }

    /// <summary>Whether the first line above with less indentation that is a def, or is not indented, is a def.</summary>
    private bool IsNested(LogicalLine line)
    {
        int at = line.LineNumber - 2;
        FindOuter(at + 1);
        while (at >= 0 && (_widths[at] < 0 || _widths[at] >= line.IndentLevel)) at = _outer[at];
        for (; at >= 0; at = _outer[at])
        {
            if (Statement.IsDef(source.Line(at + 1)[PythonText.SkipWhite(source.Line(at + 1), 0)..])) return true;
            if (_widths[at] == 0) return false;
        }
        return false;
    }

    /// <summary>Looks at the first <paramref name="count"/> lines, as far as that is not done.</summary>
    private void FindOuter(int count)
    {
        if (count > _outer.Length)
        {
            Array.Resize(ref _outer, Math.Max(count, 2 * _outer.Length));
            Array.Resize(ref _widths, _outer.Length);
        }
        for (; _known < count; _known++)
        {
            ReadOnlySpan<char> line = source.Line(_known + 1);
            bool isBlank = PythonText.SkipWhite(line, 0) == line.Length;
            _widths[_known] = isBlank ? -1 : PythonSource.Indentation(line);
            int outer = _lastKnown;
            if (!isBlank)
            {
                while (outer >= 0 && _widths[outer] >= _widths[_known]) outer = _outer[outer];
                _lastKnown = _known;
            }
            _outer[_known] = outer;
        }
    }

    private static bool BeginsDefinition(LogicalLine line) => line.FirstCharacter == '@'
        || (line.FirstWord is PythonWord.Def or PythonWord.Async or PythonWord.Class && BeginsDefinition(line.Text));

    /// <summary>def, async def, class with white space behind, or a decorator.</summary>
    private static bool BeginsDefinition(ReadOnlySpan<char> text)
    {
        if (text.StartsWith('@')) return true;
        int end = Statement.DefEnd(text);
        if (end < 0 && text.StartsWith("class")) end = 5;
        return end >= 0 && end < text.Length && PythonText.IsWhite(text[end]);
    }

    private delegate bool TextTest(ReadOnlySpan<char> text);

    /// <summary>The first line from a given one on whose text is sought. Asked for later and later lines it looks at each line once.</summary>
    private struct NextLine
    {
        private int _from, _found;
        private bool _isKnown;

        /// <summary>The line (from 0), <paramref name="at"/> or a later one; the number of lines if there is none.</summary>
        public int From(int at, PythonSource source, TextTest isSought)
        {
            if (_isKnown && at >= _from && at <= _found) return _found;
            (_from, _found, _isKnown) = (at, at, true);
            while (_found < source.LineCount && !isSought(PythonSource.Trim(source.Line(_found + 1)))) _found++;
            return _found;
        }
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
