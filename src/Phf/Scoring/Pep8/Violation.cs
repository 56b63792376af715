namespace Phf.Scoring.Pep8;

/// <summary>
/// One broken rule: the physical line (from 1) and the column (from 0, in Unicode code points) it is reported at, and pycodestyle's code,
/// e.g. <c>E225</c>. A line behind the last one means that the text ended too early.
/// </summary>
public readonly record struct Violation(int Line, int Column, string Code);
