namespace Phf.Scoring.Pep8;

/// <summary>Remembers which codes the options let through.</summary>
internal sealed class CodeFilter(Pep8Options options)
{
    private readonly sbyte[] _answers = new sbyte[2000]; // of E000 to E999 and W000 to W999: 1 yes, -1 no, 0 not asked yet

    /// <param name="code">E or W and three digits.</param>
    public bool Reports(string code)
    {
        int number = (code[0] == 'W' ? 1000 : 0) + (100 * (code[1] - '0')) + (10 * (code[2] - '0')) + code[3] - '0';
        if (_answers[number] == 0) _answers[number] = options.Reports(code) ? (sbyte)1 : (sbyte)-1;
        return _answers[number] > 0;
    }
}
