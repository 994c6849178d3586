namespace OpenBanking.Accounts.Sandbox;

internal enum Spending
{
    Groceries,
    Coffee,
    EatingOut,
    Travel,
    Fuel,
    Shopping,
    Health,
    Leisure,
    Subscriptions,
    Abroad,
    Supplies,
}

/// <summary>A shop that does not exist, with its merchant category (ISO 18245) and what people spend there.</summary>
internal sealed record Merchant(Spending Kind, string Name, string Category, string Town, decimal Least, decimal Most);

/// <summary>Every merchant of the sandbox, in one table. All names are invented.</summary>
internal static class Merchants
{
    public static readonly IReadOnlyList<Merchant> All =
    [
        new(Spending.Groceries, "Marlowe & Finch Grocers", "5411", "Bristol", 8.20m, 96.00m),
        new(Spending.Groceries, "Greenhollow Market", "5411", "Bristol", 5.40m, 74.00m),
        new(Spending.Groceries, "Penny Basket", "5411", "Bath", 3.10m, 41.00m),
        new(Spending.Groceries, "The Honest Loaf", "5462", "Bristol", 2.40m, 14.00m),
        new(Spending.Coffee, "Copperkettle Coffee", "5814", "Bristol", 2.60m, 9.80m),
        new(Spending.Coffee, "Second Cup Lane", "5814", "Bath", 2.90m, 8.40m),
        new(Spending.EatingOut, "Saffron Yard Kitchen", "5812", "Bristol", 14.00m, 78.00m),
        new(Spending.EatingOut, "The Drowsy Heron", "5813", "Bath", 6.50m, 52.00m),
        new(Spending.EatingOut, "Noodle Quay", "5812", "Bristol", 9.00m, 36.00m),
        new(Spending.Travel, "Westmere Rail", "4112", "Bristol", 4.80m, 64.00m),
        new(Spending.Travel, "Avonline Buses", "4131", "Bristol", 2.20m, 9.00m),
        new(Spending.Travel, "Skylark Cabs", "4121", "Bath", 5.50m, 31.00m),
        new(Spending.Fuel, "Beacon Hill Filling Station", "5541", "Keynsham", 22.00m, 84.00m),
        new(Spending.Shopping, "Threadneedle & Daughters", "5651", "Bath", 12.00m, 140.00m),
        new(Spending.Shopping, "Lumen Electricals", "5732", "Bristol", 9.00m, 320.00m),
        new(Spending.Shopping, "Oak and Anvil Homeware", "5719", "Bristol", 6.00m, 110.00m),
        new(Spending.Shopping, "Paperbark Books", "5942", "Bath", 4.99m, 38.00m),
        new(Spending.Health, "Larchfield Pharmacy", "5912", "Bristol", 2.80m, 28.00m),
        new(Spending.Health, "Clifton Vale Dental", "8021", "Bristol", 26.00m, 190.00m),
        new(Spending.Leisure, "The Lantern Picture House", "7832", "Bristol", 7.50m, 34.00m),
        new(Spending.Leisure, "Harbour Climb", "7997", "Bristol", 9.00m, 24.00m),
        new(Spending.Leisure, "Foxglove Garden Centre", "5261", "Keynsham", 5.00m, 72.00m),
        new(Spending.Subscriptions, "Streamwell", "4899", "London", 10.99m, 10.99m),
        new(Spending.Subscriptions, "Larkspur Music", "4899", "London", 11.49m, 11.49m),
        new(Spending.Subscriptions, "The Evening Ledger", "5968", "London", 6.00m, 6.00m),
        new(Spending.Abroad, "Boulangerie du Pont Neuf", "5462", "Lyon", 2.10m, 12.00m),
        new(Spending.Abroad, "Trattoria del Faro", "5812", "Genova", 18.00m, 74.00m),
        new(Spending.Abroad, "Hotel Bellavista", "7011", "Annecy", 84.00m, 240.00m),
        new(Spending.Abroad, "Ferrovia Litorale", "4112", "Genova", 8.00m, 58.00m),
        new(Spending.Supplies, "Millrace Flour Company", "5199", "Gloucester", 120.00m, 640.00m),
        new(Spending.Supplies, "Cartwright Packaging", "5113", "Swindon", 34.00m, 260.00m),
        new(Spending.Supplies, "Severn Dairy Partners", "5199", "Thornbury", 85.00m, 410.00m),
        new(Spending.Supplies, "Brightwell Stationers", "5943", "Bristol", 8.00m, 64.00m),
    ];

    private static readonly ILookup<Spending, Merchant> ByKind = All.ToLookup(merchant => merchant.Kind);

    public static IReadOnlyList<Merchant> Of(Spending kind) => [.. ByKind[kind]];
}
