using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Accounts.Storage.Migrations
{
    /// <inheritdoc />
    public partial class FundsChecks : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "funds_checks",
                schema: "accounts",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    ConsentId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    ClientId = table.Column<string>(type: "text", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    Reference = table.Column<string>(type: "character varying(35)", maxLength: 35, nullable: false),
                    Amount = table.Column<decimal>(type: "numeric", nullable: false),
                    Currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    Answer = table.Column<bool>(type: "boolean", nullable: true),
                    WhyNone = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_funds_checks", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_funds_checks_ClientId_Reference",
                schema: "accounts",
                table: "funds_checks",
                columns: new[] { "ClientId", "Reference" },
                unique: true,
                filter: "\"Answer\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_funds_checks_ConsentId_Id",
                schema: "accounts",
                table: "funds_checks",
                columns: new[] { "ConsentId", "Id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "funds_checks",
                schema: "accounts");
        }
    }
}
