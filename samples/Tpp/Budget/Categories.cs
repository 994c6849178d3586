using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Budget;

internal enum Category
{
    Other,
    Home,
    Groceries,
    EatingOut,
    Travel,
    Shopping,
    Fun,
    Health,
    Cash,
    Transfers,
}

/// <summary>What a payment was for: by the merchant's trade where the bank names it (ISO 18245), else by words in its text.</summary>
internal static class Categories
{
    private static readonly (int From, int To, Category Category)[] ByTrade =
    [
        (3000, 3999, Category.Travel), (4011, 4789, Category.Travel), (7011, 7011, Category.Travel),
        (5541, 5542, Category.Travel), (7512, 7523, Category.Travel), (5172, 5172, Category.Travel),
        (4812, 4900, Category.Home), (6300, 6300, Category.Home), (6513, 6513, Category.Home),
        (5411, 5499, Category.Groceries), (5811, 5814, Category.EatingOut),
        (5815, 5818, Category.Fun), (7829, 7999, Category.Fun), (5912, 5912, Category.Health), (8011, 8099, Category.Health),
        (6010, 6011, Category.Cash), (6012, 6012, Category.Transfers), (4829, 4829, Category.Transfers), (6538, 6540, Category.Transfers),
        (5013, 5999, Category.Shopping), (7200, 7299, Category.Shopping),
    ];

    private static readonly (Category Category, string[] Words)[] ByText =
    [
        (Category.Transfers, ["transfer", "to savings", "from savings", "own account", "card payment received", "card repayment", "standing order to savings"]),
        (Category.Home, ["rent", "mortgage", "council", "water", "energy", "electric", "gas ", "broadband", "mobile", "phone", "insurance", "tv licence"]),
        (Category.Groceries, ["supermarket", "grocer", "bakery", "market", "food hall"]),
        (Category.EatingOut, ["cafe", "café", "coffee", "restaurant", "pizza", "kitchen", "bistro", "takeaway", "pub "]),
        (Category.Travel, ["rail", "train", "bus ", "taxi", "tube", "fuel", "petrol", "parking", "airline", "airways", "hotel", "travel"]),
        (Category.Health, ["pharmacy", "chemist", "dental", "dentist", "optician", "clinic", "gym", "fitness"]),
        (Category.Fun, ["cinema", "stream", "music", "theatre", "games", "tickets", "club"]),
        (Category.Cash, ["cash", "atm"]),
        (Category.Shopping, ["shop", "store", "books", "clothing", "fashion", "electronics", "garden", "furniture"]),
    ];

    public static string NameOf(Category category) => category switch
    {
        Category.Home => "Home and bills",
        Category.EatingOut => "Eating out",
        Category.Travel => "Getting around",
        Category.Other => "Everything else",
        _ => category.ToString(),
    };

    public static Category Of(Transaction transaction)
    {
        // ISO 20022 calls it a book transfer where both accounts are with the same bank: savings, a card's settlement, currency bought.
        if (transaction.BankCode?.Split(' ').Contains("BOOK", StringComparer.Ordinal) == true) return Category.Transfers;
        if (int.TryParse(transaction.MerchantCode, out var trade))
        {
            foreach (var row in ByTrade)
            {
                if (trade >= row.From && trade <= row.To) return row.Category;
            }
        }

        var text = $" {transaction.Text} ";
        foreach (var (category, words) in ByText)
        {
            if (words.Any(word => text.Contains(" " + word, StringComparison.OrdinalIgnoreCase))) return category;
        }

        return Category.Other;
    }
}
