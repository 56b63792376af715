namespace Phf.Evaluation.Report;

/// <summary>A rectangle in pixels.</summary>
internal readonly record struct Box(double Left, double Top, double Right, double Bottom)
{
    public double Overlap(Box other) =>
        Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left)) * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));

    /// <summary>Area of this box outside <paramref name="other"/>.</summary>
    public double Outside(Box other) => (Right - Left) * (Bottom - Top) - Overlap(other);
}

/// <summary>
/// Puts labels beside their points so that they cover neither points nor each other. Each label tries places around its point at growing
/// distances; a few rounds, each label in turn against all the others, settle what the first round could not.
/// </summary>
internal sealed class LabelPlacer(Box area)
{
    private const int Rounds = 4;
    private static readonly double[] Distances = [5, 12, 24, 40, 60];
    private static readonly double[] Angles = [0, 180, -90, 90, -35, 35, -145, 145, -65, 65, -115, 115];

    private readonly List<(Box Box, double Weight)> _obstacles = [];
    private readonly List<(double X, double Y, double Radius, double Width, double Height)> _labels = [];

    /// <summary>Something that labels should not cover; a heavier one is avoided more.</summary>
    public void Avoid(Box box, double weight = 1) => _obstacles.Add((box, weight));

    /// <summary>A label of the given size for the point at (x, y); its number is the place in <see cref="Place"/>'s result.</summary>
    public void Add(double x, double y, double radius, double width, double height) => _labels.Add((x, y, radius, width, height));

    /// <summary>The boxes of the labels, in the order they were added.</summary>
    public Box[] Place()
    {
        var boxes = new Box?[_labels.Count];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < boxes.Length; i++)
            {
                boxes[i] = null;
                boxes[i] = Candidates(i).MinBy(candidate => candidate.Cost + Crowding(candidate.Box, boxes)).Box;
            }
        }
        return [.. boxes.Select(box => box!.Value)];
    }

    private double Crowding(Box box, Box?[] others)
    {
        double cost = box.Outside(area) * 50;
        foreach ((Box obstacle, double weight) in _obstacles) cost += box.Overlap(obstacle) * 4 * weight;
        foreach (Box? other in others)
            if (other is { } placed) cost += box.Overlap(placed) * 12;
        return cost;
    }

    private IEnumerable<(Box Box, double Cost)> Candidates(int i)
    {
        (double x, double y, double radius, double width, double height) = _labels[i];
        for (int d = 0; d < Distances.Length; d++)
        {
            for (int a = 0; a < Angles.Length; a++)
            {
                double angle = Angles[a] * Math.PI / 180, reach = radius + Distances[d];
                double cos = Math.Cos(angle), sin = Math.Sin(angle);
                double centreX = x + cos * (reach + width / 2), centreY = y + sin * (reach + height / 2);
                var box = new Box(centreX - width / 2, centreY - height / 2, centreX + width / 2, centreY + height / 2);
                yield return (box, Distances[d] * 3 + a * 2);
            }
        }
    }
}
