namespace Phf.Alignment.Targets;

/// <summary>Small systems of linear equations.</summary>
internal static class LinearSolver
{
    /// <summary>x of A x = b, by elimination with the largest pivot; both are overwritten. Where A is singular, x holds numbers that are not finite.</summary>
    public static double[] Solve(double[,] matrix, double[] right)
    {
        int n = right.Length;
        for (int column = 0; column < n; column++)
        {
            int pivot = column;
            for (int row = column + 1; row < n; row++)
                if (Math.Abs(matrix[row, column]) > Math.Abs(matrix[pivot, column])) pivot = row;
            for (int i = 0; i < n; i++) (matrix[column, i], matrix[pivot, i]) = (matrix[pivot, i], matrix[column, i]);
            (right[column], right[pivot]) = (right[pivot], right[column]);
            for (int row = column + 1; row < n; row++)
            {
                double factor = matrix[row, column] / matrix[column, column];
                for (int i = column; i < n; i++) matrix[row, i] -= factor * matrix[column, i];
                right[row] -= factor * right[column];
            }
        }
        for (int row = n - 1; row >= 0; row--)
        {
            for (int i = row + 1; i < n; i++) right[row] -= matrix[row, i] * right[i];
            right[row] /= matrix[row, row];
        }
        return right;
    }
}
